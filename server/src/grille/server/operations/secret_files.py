"""Files that only their owner may read: made once, never replaced by accident."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from grille.server.errors import InternalError
from grille.server.text import Text

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def make_private_folder(path: Path) -> None:
    """Make the folder `path` with mode 0700.

    Raises:
        FileExistsError: It exists.
    """
    path.mkdir(mode=0o700)
    path.chmod(0o700)  # the umask may have taken the owner's own bits away


def write_secret(path: Path, content: bytes) -> None:
    """Write a new file with mode 0600 and flush it to the disk; a file that could not be finished is removed.

    Raises:
        FileExistsError: `path` exists, be it as a dangling link.
        OSError: The disk refuses.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        flush_folder(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise


def replace_secret(path: Path, content: bytes) -> None:
    """Put a file of mode 0600 in the place of `path`, which need not exist: the old one or the new one, whole.

    Raises:
        OSError: The disk refuses; the old file is still there.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    fresh.unlink(missing_ok=True)
    write_secret(fresh, content)
    os.replace(fresh, path)
    flush_folder(path.parent)


def flush_folder(path: Path) -> None:
    """Flush the entries of the folder `path` to the disk, so that a new file survives a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_secret(path: Path) -> bytes:
    """Return the content of a key file.

    Raises:
        InternalError: KEYS_MISSING when there is no such regular file, KEYS_UNREADABLE when it cannot be read,
            KEY_PERMISSIONS when group or others have any right to it.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        raise _missing(path) from None
    except OSError as error:
        raise _unreadable(path, error) from None
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise _missing(path)
        if status.st_mode & _OTHERS:
            raise InternalError(
                "KEY_PERMISSIONS",
                Text(
                    f"The key file {path} may be read or changed by others than its owner.",
                    f"Nøkkelfilen {path} kan leses eller endres av andre enn eieren.",
                ),
                hint=Text(f"Run: chmod 600 {path}", f"Kjør: chmod 600 {path}"),
            )
        try:
            return file.read()
        except OSError as error:
            raise _unreadable(path, error) from None


def _missing(path: Path) -> InternalError:
    return InternalError(
        "KEYS_MISSING",
        Text(f"The key file {path} does not exist.", f"Nøkkelfilen {path} finnes ikke."),
        hint=Text(
            "Restore it from your backup: data and logs made with it cannot be used with a new key.",
            "Hent den tilbake fra sikkerhetskopien: data og logger laget med den kan ikke brukes med en ny nøkkel.",
        ),
    )


def _unreadable(path: Path, error: OSError) -> InternalError:
    why = error.strerror or type(error).__name__
    return InternalError(
        "KEYS_UNREADABLE",
        Text(f"The key file {path} cannot be read: {why}.", f"Nøkkelfilen {path} kan ikke leses: {why}."),
        hint=Text("Run the server as the owner of the home.", "Kjør tjeneren som eieren av hjemmet."),
    )
