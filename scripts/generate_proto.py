"""Generate grille.v1 from the .proto files, or with --check say whether the committed code is what they give."""

from __future__ import annotations

import argparse
import filecmp
import shutil
import sys
import sysconfig
import tempfile
from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

SOURCE = Path(__file__).resolve().parents[1] / "proto" / "src"
PACKAGE = Path("grille") / "v1"


def generate(target: Path) -> list[Path]:
    """Generate the code of every .proto file below `target` and return the generated files, relative to it.

    Raises:
        SystemExit: protoc found fault with a file; it has said so on stderr.
    """
    protos = sorted(str(path.relative_to(SOURCE)) for path in (SOURCE / PACKAGE).glob("*.proto"))
    plugin = Path(sysconfig.get_path("scripts")) / "protoc-gen-mypy_grpc"
    arguments = [
        "protoc",
        f"--proto_path={SOURCE}",
        f"--proto_path={files('grpc_tools') / '_proto'}",
        f"--python_out={target}",
        f"--pyi_out={target}",
        f"--grpc_python_out={target}",
        f"--plugin=protoc-gen-mypy_grpc={plugin}",
        f"--mypy_grpc_out=quiet:{target}",
        *protos,
    ]
    if protoc.main(arguments) != 0:
        raise SystemExit(1)
    return sorted(path.relative_to(target) for path in (target / PACKAGE).glob("*_pb2*"))


def committed() -> list[Path]:
    """Return the generated files in the source tree, relative to the source folder."""
    return sorted(path.relative_to(SOURCE) for path in (SOURCE / PACKAGE).glob("*_pb2*.py*"))


def main() -> int:
    """Write the generated files, or compare them; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file is not current")
    check = parser.parse_args().check
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder)
        fresh = generate(target)
        known = committed()
        gone = [path for path in known if path not in fresh]
        stale = [p for p in fresh if p not in known or not filecmp.cmp(target / p, SOURCE / p, shallow=False)]
        for path in stale + gone:
            print(f"{'not current' if check else 'written' if path in stale else 'removed'}: {path}")
        if check:
            return 1 if stale or gone else 0
        for path in stale:
            shutil.copyfile(target / path, SOURCE / path)
        for path in gone:
            (SOURCE / path).unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
