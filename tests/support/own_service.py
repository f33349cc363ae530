"""A running server on imported data sets: published and generated cases, and planted rows of every sensitivity."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from support import own_data
from support.mixed_cases import CASES, Case
from support.published import published
from support.service import Service, free_port

BANK = "no.example.own"
PLANTED = 400
"""Persons of the planted variables."""


GENERATED = (
    "thirty_rows",
    "icc_0.97",
    "badly_scaled",
    "means_of_1e8",
    "tiny_beside_huge",
    "interactions",
    "three_levels_reused_labels",
    "many_small_groups",
    "ten_thousand_rows",
)


def all_cases() -> dict[str, Case]:
    """Return the cases that the bank holds: published ones, and generated ones of every difficulty."""
    return {**{name: one.case for name, one in published().items()}, **{name: CASES[name]() for name in GENERATED}}


def build(folder: Path) -> Service:
    """Initialise a home, import, and add an open project (ada) and a standard one (bo) on the bank."""
    service = Service(folder, f"127.0.0.1:{free_port()}")
    service.environment = {"XDG_CONFIG_HOME": str(folder / "config"), "COLUMNS": "100", "NO_COLOR": "1"}
    service.admin("init", service.home)
    for name, case in all_cases().items():
        write_case(folder / "in", name, case)
    write_planted(folder / "in")
    service.admin("bank", "import", service.home, folder / "in", "--bank", BANK)
    for user, policy in (("ada", "open"), ("bo", "standard")):
        service.admin("project", "add", service.home, policy, "--bank", BANK, "--policy", policy)
        service.add_user(user, policy)
    return service


def write_case(folder: Path, name: str, case: Case) -> None:
    """Write every column of a case as a public data set: numbers DOUBLE, factors LONG."""
    for kind, columns in (("DOUBLE", case.numbers), ("LONG", case.factors)):
        for column, values in columns.items():
            lines = [f"{name}-{row};{value};;;" for row, value in enumerate(values.tolist())]
            own_data.write(folder, register_name(name, column), own_data.metadata(data_type=kind), lines)


def register_name(name: str, column: str) -> str:
    """Return the name of the data set with a column of a case."""
    return f"{name}_{column}".upper().replace(".", "_")


def preparation(name: str, case: Case) -> str:
    """Return a script that brings a case into a data set of its name."""
    columns = [*case.numbers, *case.factors]
    lines = [f"create-dataset {data_set(name)}"]
    lines += [f"import o/{register_name(name, column)} as {column}" for column in columns]
    return "\n".join(lines) + "\n"


def data_set(name: str) -> str:
    """Return the name of the data set that `preparation` makes."""
    return f"d_{name}".replace(".", "_")


def planted() -> dict[str, np.ndarray]:
    """Return the planted columns: public ones, and one of every other level of sensitivity."""
    rng = np.random.default_rng(7)
    score = np.round(rng.normal(50, 12, PLANTED), 3)
    return {
        "PUBLIC_SCORE": score,
        "PUBLIC_SCHOOL": rng.integers(1, 8, PLANTED),
        "HIDDEN_NONPUBLIC": np.round(score + rng.normal(0, 3, PLANTED), 2),
        "HIDDEN_GENERAL": np.round(rng.lognormal(12, 1, PLANTED)),
        "HIDDEN_SPECIAL": rng.integers(0, 2, PLANTED),
    }


def write_planted(folder: Path) -> None:
    """Write the planted columns, and a public variable of every temporality with texts and codes."""
    levels = {"HIDDEN_NONPUBLIC": "NONPUBLIC", "HIDDEN_GENERAL": "PERSON_GENERAL", "HIDDEN_SPECIAL": "PERSON_SPECIAL"}
    for name, values in planted().items():
        lines = [f"planted-{row};{value};;;" for row, value in enumerate(values.tolist())]
        kind = "LONG" if values.dtype.kind == "i" else "DOUBLE"
        document = own_data.metadata(data_type=kind, sensitivity=levels.get(name, "PUBLIC"))
        own_data.write(folder, name, document, lines)
    codes = (
        own_data.code("1", "Before", "1900-01-01", "2019-12-31"),
        own_data.code("1", "After", "2020-01-01"),
        own_data.code("2", "Other", "1900-01-01"),
    )
    document = own_data.metadata(
        temporality="EVENT", data_type="STRING", codes=codes, missing=(("9", "Unknown"),), title="Civil status"
    )
    lines = [f"planted-{row};{1 + row % 2};2010-01-01;2018-12-31;" for row in range(PLANTED)]
    lines += [f"planted-{row};{9 if row % 10 == 0 else 1};2020-01-01;;" for row in range(PLANTED)]
    own_data.write(folder, "PUBLIC_STATUS", document, lines)
    keys = own_data.metadata(values_are="PERSON", sensitivity="PERSON_GENERAL")
    own_data.write(folder, "HIDDEN_MOTHER", keys, [f"planted-{row};planted-{row // 2};;;" for row in range(PLANTED)])
