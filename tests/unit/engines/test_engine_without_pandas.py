"""The server's environment has no pandas, which pyarrow asks for in many of its conversions; no command may need it."""

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[2]

PROGRAM = """
import sys
from pathlib import Path


class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "pandas":
            raise ModuleNotFoundError(name)


sys.meta_path.insert(0, NotInstalled())
from support.fixtures import open_engine
from support.workbench import START, Workbench
from grille.server.catalog.banks import list_banks

banks, folder = map(Path, sys.argv[1:])
bench = Workbench(open_engine(banks, folder), list_banks(banks))
for line in (START + sys.stdin.read()).splitlines():
    print(type(bench.run(line)).__name__)
"""

SCRIPT = """import r/KJONN as sex
import r/LONN 2022-12-31 as wage
import r/FODT as born
import r/SIVSTAND 2020-01-01 as state
generate man = sex == '1'
generate age = 2022 - int(born / 100)
keep if sex == '1' | born > 194500
generate rough = wage / 7
tabulate sex state
summarize wage age
boxplot wage, over(state)
histogram wage, by(sex)
regress wage man age
regress wage rough, robust
regress-mml wage age by state
correlate wage age
anova wage state
ci wage
normaltest wage
regress-predict wage age, residuals(e)
"""


def test_every_kind_of_command_runs_where_pandas_is_not_installed(banks, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(banks), str(tmp_path)],
        input=SCRIPT,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == len(SCRIPT.splitlines()) + 2
