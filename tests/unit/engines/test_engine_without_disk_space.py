"""A session that cannot be opened for want of disk space says that, and not that its file is damaged."""

import subprocess
import sys

PROGRAM = """
import resource, sys
from grille.server.engines.duckdb.engine import open_session_engine
from grille.server.errors import GrilleError
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    open_session_engine(sys.argv[1] + "/s.duckdb", "k", memory_limit="1GB", threads=1, temp_directory=sys.argv[1])
except GrilleError as error:
    print(error.reason)
"""


def test_a_full_disk_is_called_one_when_a_session_is_opened(tmp_path):
    for room in ("0", "5000"):  # each leaves a torn file behind
        folder = tmp_path / room
        folder.mkdir()
        done = subprocess.run([sys.executable, "-c", PROGRAM, str(folder), room], capture_output=True, text=True)
        assert (done.stdout, done.stderr) == ("DISK_FULL\n", "")
