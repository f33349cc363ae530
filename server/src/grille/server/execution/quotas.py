"""Kinds of quotas: what a member may use of a project, each day or at one time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from grille.server.errors import BudgetError, GrilleError, TypeMismatchError, UnknownNameError
from grille.server.execution.interface import Warned
from grille.server.text import Text

LARGEST = 10**12
WARN_PERCENT = (80, 95)


class Quota(StrEnum):
    """What is counted. All but the disk are counted for a day (UTC) and never fall."""

    COMMANDS = "commands"
    RELEASES = "releases"
    CPU_SECONDS = "cpu_seconds"
    ROWS_THOUSAND = "rows_thousand"
    DISK_MIB = "disk_mib"


LABELS = {
    Quota.COMMANDS: Text("commands of the day", "av dagens kommandoer"),
    Quota.RELEASES: Text("answers with figures of the day", "av dagens svar med tall"),
    Quota.CPU_SECONDS: Text("processor seconds of the day", "av dagens prosessorsekunder"),
    Quota.ROWS_THOUSAND: Text("thousand rows behind answers of the day", "tusen av dagens rader bak svar"),
    Quota.DISK_MIB: Text("MiB of disk for data sets", "MiB disk til datasett"),
}
"""Read after "81 of 100"."""

NO_LIMIT = 0
Limits = Mapping[Quota, int]


@dataclass(frozen=True, slots=True)
class Usage:
    """Use of one quota: amount and limit in its unit; limit 0 is none."""

    quota: Quota
    used: int
    limit: int


def parse_limit(text: str) -> tuple[Quota, int]:
    """Return the quota and limit of `KEY=NUMBER`; 0 stands for no limit.

    Raises:
        UnknownNameError: UNKNOWN_QUOTA.
        TypeMismatchError: QUOTA_INVALID.
    """
    key, _, number = text.partition("=")
    try:
        quota = Quota(key.strip().replace("-", "_"))
    except ValueError:
        names = ", ".join(Quota)
        raise UnknownNameError(
            "UNKNOWN_QUOTA",
            Text(f"There is no quota {key.strip()}.", f"Det finnes ingen kvote {key.strip()}."),
            hint=Text(f"Quotas: {names}.", f"Kvoter: {names}."),
        ) from None
    digits = number.strip()
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > 13 or int(digits) > LARGEST:
        raise TypeMismatchError(
            "QUOTA_INVALID",
            Text(f"A limit is a whole number up to {LARGEST}.", f"En grense er et heltall til og med {LARGEST}."),
            hint=Text(
                "Write for instance releases=500; 0 is no limit.", "Skriv for eksempel releases=500; 0 er ingen."
            ),
        )
    return quota, int(digits)


def reached(quota: Quota, limit: int, project: str) -> GrilleError:
    """Return the error of a quota that is used up; it tells the limit, not how far beyond it the command would go."""
    label = LABELS[quota]
    advice = (
        Text(
            "Close sessions that are not in use: grille sessions list, grille sessions close ID.",
            "Lukk økter som ikke er i bruk: grille sessions list, grille sessions close ID.",
        )
        if quota is Quota.DISK_MIB
        else Text(
            "The day ends at midnight UTC. Ask the custodian if the project needs more.",
            "Dagen slutter ved midnatt UTC. Spør forvalteren hvis prosjektet trenger mer.",
        )
    )
    return BudgetError(
        "QUOTA_REACHED",
        Text(
            f"You may use {limit} {label.en} in the project {project}, and they are used up.",
            f"Du kan bruke {limit} {label.no} i prosjektet {project}, og de er brukt opp.",
        ),
        hint=advice,
    )


def warning(before: Usage, after: Usage, project: str) -> Warned | None:
    """Return what to tell when use passes 80 % or 95 % of the limit; None when it does not."""
    if after.limit == NO_LIMIT:
        return None
    passed = [mark for mark in WARN_PERCENT if before.used * 100 < mark * after.limit <= after.used * 100]
    if not passed:
        return None
    label, used = LABELS[after.quota], min(after.used, after.limit)
    return Warned(
        f"quota_{after.quota.value}",
        Text(
            f"{used} of {after.limit} {label.en} in the project {project} are used.",
            f"{used} av {after.limit} {label.no} i prosjektet {project} er brukt.",
        ),
    )
