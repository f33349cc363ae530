"""The client is thin: it loads none of the server's libraries, and its help answers at once."""

import resource
import subprocess
import sys
import time
from types import SimpleNamespace

from grille.client.render.style import Style
from grille.client.render.table import table_lines
from grille.client.words import Words

HEAVY = {"duckdb", "pandas", "numpy", "scipy", "statsmodels", "pyarrow", "vl_convert", "grille.server"}
EVERYTHING = """
import importlib, pkgutil, sys
import grille.client
for module in pkgutil.walk_packages(grille.client.__path__, "grille.client."):
    importlib.import_module(module.name)
print("\\n".join(sys.modules))
"""


def modules_after(code: str) -> set[str]:
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_no_module_of_the_client_loads_a_heavy_library() -> None:
    loaded = modules_after(EVERYTHING)
    assert "grille.client.commands.run" in loaded
    assert not loaded & HEAVY


def test_the_command_line_loads_no_grpc_before_it_is_needed() -> None:
    loaded = modules_after("import sys, grille.client.cli; print('\\n'.join(sys.modules))")
    assert "grille.client.cli" in loaded
    assert not {one for one in loaded if one.split(".")[0] in ("grpc", "google")}


def test_help_answers_in_half_a_second() -> None:
    command = [sys.executable, "-m", "grille.client", "--help"]
    times = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run = subprocess.run(command, capture_output=True, check=True)
        assert b"variables" in run.stdout
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    assert min(times) < 0.5


def test_two_thousand_rows_are_set_quickly(make: SimpleNamespace) -> None:
    columns = "t:text:Term|" + "|".join(f"c{i}:number:Column {i}" for i in range(8))
    rows = [
        (f"i.municipality={i:04d}", *(float(f"{(i + 1) * 1.2345 / 10**j:.5g}") for j in range(8))) for i in range(2000)
    ]
    table = make.table(columns, *rows)
    start = time.perf_counter()
    lines = table_lines("Coefficients", table, 100, Words.ENGLISH, Style(colours=False))
    assert time.perf_counter() - start < 2.0
    assert len(lines) > 2000
