"""What the lock files promise to whoever installs grille."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[3]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PINNED = re.compile(
    r"^(?P<name>[a-z0-9._-]+)==(?P<version>[^ ;\\]+)(?: ;.*?)?(?P<hashes>(?: \\\n +--hash=sha256:[0-9a-f]{64})*)$", re.M
)


def entries(lock: Path) -> list[re.Match[str]]:
    return list(PINNED.finditer(lock.read_text("utf-8")))


def versions(lock: Path) -> dict[str, Version]:
    return {entry["name"]: Version(entry["version"]) for entry in entries(lock)}


def declared(distribution: str) -> list[Requirement]:
    project = tomllib.loads((ROOT / distribution / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project.get("optional-dependencies", {}).values()
    lines = project["dependencies"] + [line for extra in extras for line in extra]
    return [need for need in map(Requirement, lines) if need.name != "grille-proto"]


def test_there_is_a_lock_for_each_purpose() -> None:
    assert [lock.name for lock in LOCKS] == ["build.txt", "client.txt", "dev.txt", "server.txt"]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
class TestEveryLock:
    def test_names_no_address(self, lock: Path) -> None:
        assert "://" not in lock.read_text("utf-8")

    def test_holds_nothing_but_pinned_versions_with_hashes(self, lock: Path) -> None:
        pinned = entries(lock)
        assert pinned
        assert all(entry["hashes"] for entry in pinned)
        assert PINNED.sub("", lock.read_text("utf-8")).strip() == ""

    def test_agrees_with_the_developers_lock(self, lock: Path) -> None:
        everything = versions(ROOT / "requirements" / "dev.txt")
        assert {name: everything.get(name) for name in versions(lock)} == versions(lock)


@pytest.mark.parametrize(
    "distribution,lock", [("client", "client"), ("proto", "client"), ("proto", "server"), ("server", "server")]
)
def test_a_lock_satisfies_what_its_distribution_declares(distribution: str, lock: str) -> None:
    locked = versions(ROOT / "requirements" / f"{lock}.txt")
    unmet = [
        str(need) for need in declared(distribution) if not need.specifier.contains(str(locked.get(need.name, "0")))
    ]
    assert unmet == []


def test_the_client_installs_without_the_servers_packages() -> None:
    heavy = {"duckdb", "numpy", "pandas", "pyarrow", "scipy", "sqlglot", "statsmodels"}
    assert heavy.isdisjoint(versions(ROOT / "requirements" / "client.txt"))


def test_the_server_installs_without_the_oracles_of_its_tests() -> None:
    oracles = {"linearmodels", "pyfixest", "pytest", "hypothesis"}
    assert oracles.isdisjoint(versions(ROOT / "requirements" / "server.txt"))


def test_locked_protobuf_and_grpc_can_load_the_generated_code() -> None:
    generated = ROOT / "proto" / "src" / "grille" / "v1"
    locked = versions(ROOT / "requirements" / "server.txt")
    made_with = {
        Version(found[1])
        for path in generated.glob("*_pb2.py")
        if (found := re.search(r"# Protobuf Python Version: (\S+)", path.read_text("utf-8")))
    }
    made_for = {
        Version(found[1])
        for path in generated.glob("*_pb2_grpc.py")
        if (found := re.search(r"GRPC_GENERATED_VERSION = '(\S+)'", path.read_text("utf-8")))
    }
    assert len(made_with) == len(made_for) == 1
    assert locked["protobuf"].major == max(made_with).major
    assert locked["protobuf"] >= max(made_with)
    assert locked["grpcio"] >= max(made_for)
