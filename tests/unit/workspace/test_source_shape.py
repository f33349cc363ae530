"""What a reader of the source may rely on, whoever wrote the file."""

import ast
import re
import statistics
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from grille.server import errors

ROOT = Path(__file__).resolve().parents[3]
SOURCES = [
    path
    for distribution in ("proto", "server", "client")
    for path in sorted((ROOT / distribution / "src").rglob("*.py"))
    if not re.search(r"_pb2(_grpc)?$", path.stem)
]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
ERRORS = {
    name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, errors.GrilleError)
}


def where(path: Path) -> str:
    return str(path.relative_to(ROOT))


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for path in SOURCES:
        yield path, ast.parse(path.read_text("utf-8"))


def lengths() -> dict[str, int]:
    return {where(path): len(path.read_text("utf-8").splitlines()) for path in SOURCES if path.name != "__init__.py"}


def test_no_file_is_longer_than_five_hundred_lines() -> None:
    assert {name: length for name, length in lengths().items() if length > 500} == {}


def test_files_are_small_as_a_rule() -> None:
    ordered = sorted(lengths().values())
    assert statistics.median(ordered) <= 120
    assert ordered[len(ordered) * 9 // 10] <= 350


@pytest.mark.parametrize("distribution", ["proto", "server", "client"])
def test_the_namespace_belongs_to_no_distribution(distribution: str) -> None:
    assert not (ROOT / distribution / "src" / "grille" / "__init__.py").exists()


def only_names(statement: ast.stmt) -> bool:
    """Whether a statement does no more than pass on names of the same folder."""
    if isinstance(statement, ast.Assign):
        return [ast.unparse(target) for target in statement.targets] == ["__all__"]
    return isinstance(statement, ast.ImportFrom)


def test_every_folder_says_what_lives_there_and_does_nothing_else() -> None:
    wrong = []
    for folder in sorted({path.parent for path in SOURCES}):
        start = folder / "__init__.py"
        tree = ast.parse(start.read_text("utf-8")) if start.exists() else ast.Module([], [])
        if not ast.get_docstring(tree) or not all(map(only_names, tree.body[1:])):
            wrong.append(where(folder))
    assert wrong == []


def test_only_the_gate_holds_the_token_of_released_results() -> None:
    holders = {
        where(path)
        for path, tree in trees()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Name) and node.id == "_GATE")
        or (isinstance(node, ast.Attribute) and node.attr == "_GATE")
        or (isinstance(node, ast.ImportFrom) and any(alias.name == "_GATE" for alias in node.names))
        or (isinstance(node, ast.Constant) and node.value == "_GATE")
    }
    disclosure = "server/src/grille/server/disclosure"
    assert holders <= {f"{disclosure}/released.py", f"{disclosure}/gate.py"}
    assert f"{disclosure}/released.py" in holders


def test_reasons_are_upper_snake() -> None:
    wrong = [
        f"{where(path)}:{node.lineno} {node.args[0].value}"
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (isinstance(node.func, ast.Name) and node.func.id in ERRORS)
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and not re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*", str(node.args[0].value))
    ]
    assert wrong == []


def test_user_text_is_never_evaluated() -> None:
    wrong = [
        f"{where(path)}:{node.lineno}"
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"eval", "exec", "compile"}
    ]
    assert wrong == []


def test_no_two_test_files_share_a_name() -> None:
    names = Counter(path.name for path in TESTS if path.name != "conftest.py")
    assert [name for name, count in names.items() if count > 1] == []


def test_tests_are_no_package() -> None:
    assert [where(path) for path in TESTS if path.name == "__init__.py"] == []
