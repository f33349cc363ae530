"""A disk of the log that the kernel makes read-only under the running server stops answers, not the server.

The disk is a real file system (ext4) in a file, made read-only as after a failing sector: open files stay open.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.mishaps import PEOPLE, copy_of, raw_client, reason_of, records_of, serving
from support.service import Service, command

FOLDERS = {"the log": "audit", "the second copy": "second"}


def _mount(image: Path, folder: Path) -> Path:
    """Mount and return the switch that has the kernel meet an error; skip where nobody may mount."""
    done = subprocess.run(["mount", "-o", "loop,errors=remount-ro", image, folder], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("this machine has no loop devices")
    source = subprocess.run(["findmnt", "-no", "SOURCE", folder], capture_output=True, text=True, check=True)
    return Path("/sys/fs/ext4") / Path(source.stdout.strip()).name / "trigger_fs_error"


@contextmanager
def _disk(image: Path, folder: Path) -> Iterator[Path]:
    if os.geteuid() != 0 or shutil.which("mkfs.ext4") is None:
        pytest.skip("only root can mount, and mkfs.ext4 is needed")
    with image.open("wb") as file:
        file.truncate(64 * 2**20)
    subprocess.run(["mkfs.ext4", "-q", "-E", "root_owner=0:0", image], check=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    switch = _mount(image, folder)
    try:
        (folder / "lost+found").rmdir()
        folder.chmod(0o700)
        yield switch
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("what", list(FOLDERS))
def test_a_disk_that_becomes_read_only_stops_answers_and_not_the_server(
    template: Service, tmp_path: Path, what: str
) -> None:
    second = tmp_path / "home" / "second"
    config = f'[audit]\nsecond_folder = "{second}"\n' if what == "the second copy" else ""
    service = copy_of(template, tmp_path / "home", config)
    folder = second if config else service.home / "audit"
    kept, image = tmp_path / "kept", tmp_path / "disk.img"
    if not config:
        folder.rename(kept)
    with _disk(image, folder) as switch:
        if not config:
            shutil.copytree(kept, folder, dirs_exist_ok=True)
        service.start()
        assert service.process is not None
        try:
            with raw_client(service) as raw:
                session = raw.open()
                assert raw.run(session, PEOPLE + "summarize wage\n")[-1].HasField("finished")
                switch.write_text("1")
                with pytest.raises(OSError, match="Read-only"):
                    (folder / "probe").touch()
                for script in ("summarize wage\n", "tabulate sex\n", "generate half = wage / 2\n"):
                    seen: list[object] = []
                    call = raw.stream(session, script)
                    assert reason_of(lambda call=call, seen=seen: seen.extend(call)) == "AUDIT_UNAVAILABLE"
                    assert not [one for one in seen if one.WhichOneof("event") not in ("accepted", "progress")]  # type: ignore[attr-defined]
                assert reason_of(raw.open) == "AUDIT_UNAVAILABLE"
            assert service.process.poll() is None
        finally:
            service.stop(signal.SIGKILL)
    subprocess.run(["fsck.ext4", "-fy", image], capture_output=True, check=False)  # as a custodian does; 1: mended
    _mount(image, folder)
    try:
        told = len(records_of(service))
        with serving(service):
            assert service.grille("run", "-", stdin=PEOPLE + "summarize wage\n").code == 0
        assert len(records_of(service)) > told
        if config:
            assert (
                command(
                    "grille-server", "audit", "verify", folder, "--public-key", service.home / "keys/audit-signing.pub"
                ).code
                == 0
            )
    finally:
        subprocess.run(["umount", folder], check=True)
