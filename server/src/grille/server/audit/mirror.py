"""A second copy of the log, on another disk: written with the first, and compared with it at every start.

The first copy is written first and cut last, so what an honest crash leaves of the second is always a beginning of the
first. Anything else is a sign that one of them was put back or changed.
"""

from __future__ import annotations

from pathlib import Path

from grille.server.audit.faults import damaged
from grille.server.audit.files import BrokenDiskError, Files, GrowingFile
from grille.server.audit.report import Problems

_CHUNK = 1024 * 1024
_COMPARED = 2  # files of records whose content is compared at a start; of older ones the size alone


class PairedFile:
    """A growing file and its second copy; an addition is in both or in neither.

    Attributes:
        size: Length of what is kept, bytes.
    """

    def __init__(self, path: Path, second: Path) -> None:
        """Open both to add to them; raises OSError."""
        self._first, self._second = GrowingFile(path), GrowingFile(second)
        self.size = self._first.size

    def add(self, content: bytes) -> None:
        """Write `content` at the end of both and flush them; see GrowingFile.add."""
        before = self._first.size
        self._first.add(content)
        try:
            self._second.add(content)
        except OSError:
            self._first.cut(before)
            raise
        self.size = self._first.size

    def cut(self, size: int) -> None:
        """Shorten both to `size` bytes; raises BrokenDiskError."""
        self._second.cut(size)
        self._first.cut(size)
        self.size = size

    def close(self) -> None:
        """Close both."""
        self._first.close()
        self._second.close()


def open_file(path: Path, second: Path | None) -> GrowingFile | PairedFile:
    """Open a file of the log to add to it, with its second copy if there is one; raises OSError."""
    return GrowingFile(path) if second is None else PairedFile(path, second / path.name)


def catch_up(files: Files, second: Path) -> int:
    """Bring the second copy up to the first after it was checked, and return how many bytes it lacked.

    Args:
        files: The log, mended.
        second: Folder of the second copy.

    Raises:
        InternalError: AUDIT_DAMAGED when the second copy is not a beginning of the first: one of them was put back.
        OSError: A disk refuses.
    """
    problems = Problems()
    compare(files, second, problems, newest=_COMPARED)
    if problems.count:
        text = problems.kept[0].text
        raise damaged(text.en, text.no)
    return sum(_complete(path, second / path.name) for path in _paths(files))


def compare(files: Files, second: Path, problems: Problems, newest: int | None = None) -> None:
    """Compare the second copy with the first.

    Args:
        files: The log.
        second: Folder of the second copy.
        problems: Takes what is wrong: SECOND_COPY_DIFFERS.
        newest: Number of files of records whose content is compared; None compares all.
    """
    paths = _paths(files)
    whole = {files.checkpoints, files.keys, *(path for path in paths[:-2][-newest if newest else 0 :])}
    for path in paths:
        if not _begins(path, second / path.name, content=path in whole):
            _add(problems, path.name)
    known = {path.name for path in paths}
    for _, path in Files(second).segments() if second.is_dir() else ():
        if path.name not in known and path.stat().st_size:
            _add(problems, path.name)


def _paths(files: Files) -> list[Path]:
    """Files of records by number, then the statements of keys and the checkpoints."""
    return [*(path for _, path in files.segments()), files.keys, files.checkpoints]


def _begins(first: Path, second: Path, *, content: bool) -> bool:
    """Say whether the second file is a beginning of the first."""
    if not second.exists():
        return True
    if not first.exists():
        return second.stat().st_size == 0
    with first.open("rb") as one, second.open("rb") as other:
        left = second.stat().st_size
        if left > first.stat().st_size:
            return False
        while content and left > 0:
            size = min(left, _CHUNK)
            if one.read(size) != other.read(size):
                return False
            left -= size
    return True


def _complete(first: Path, second: Path) -> int:
    if not first.exists():
        return 0
    file = GrowingFile(second)
    try:
        with first.open("rb") as source:
            source.seek(file.size)
            missing = 0
            while chunk := source.read(_CHUNK):
                file.add(chunk)
                missing += len(chunk)
        return missing
    except BrokenDiskError as error:
        raise OSError("the second copy cannot be flushed") from error
    finally:
        file.close()


def _add(problems: Problems, name: str) -> None:
    problems.add(
        "SECOND_COPY_DIFFERS",
        None,
        f"{name} is not what the second copy holds: one of them was put back or changed",
        f"{name} er ikke det som står i den andre kopien: en av dem er satt tilbake eller endret",
    )
