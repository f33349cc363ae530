"""Verifies the audit log of a home, or a copy of it, and puts the result into words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from cryptography import x509

from grille.server.audit.report import Report
from grille.server.audit.verify import Anchor, verify
from grille.server.errors import InternalError, TypeMismatchError, UnknownNameError
from grille.server.operations.config import load_config
from grille.server.operations.home import Home
from grille.server.operations.keys import load_audit_public_key
from grille.server.text import Text


def parse_anchor(text: str) -> Anchor:
    """Return the anchor in `text`, a record's number and hash joined by a colon.

    Raises:
        TypeMismatchError: ANCHOR_INVALID.
    """
    match = re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64})", text)
    if match is None or int(match[1]) < 1:
        raise TypeMismatchError(
            "ANCHOR_INVALID",
            Text("An anchor is a record's number, a colon and its hash.", "Et anker er et nummer, kolon og en sum."),
            hint=Text(
                "Copy it from the last line of an earlier report.", "Kopier det fra siste linje i en tidligere rapport."
            ),
        )
    return Anchor(int(match[1]), match[2])


def verify_home(path: Path, public_key: Path | None, anchor: Anchor | None, authorities: Sequence[Path] = ()) -> Report:
    """Verify the log of a home, or with a public key the copied log in the folder `path`.

    Raises:
        UnknownNameError: HOME_NOT_FOUND; LOG_NOT_FOUND when the folder does not exist.
        InternalError: FILE_UNREADABLE, KEYS_DAMAGED.
    """
    if public_key is None:
        home = Home.existing(path)
        directory, key_path = home.audit, home.audit_public_key
        folder = load_config(home.config).audit.second_folder
        second = Path(folder) if folder else None
    else:
        directory, key_path, second = path, public_key, None
    if not directory.is_dir():
        raise UnknownNameError(
            "LOG_NOT_FOUND", Text(f"There is no folder {directory}.", f"Det finnes ingen mappe {directory}.")
        )
    try:
        key = load_audit_public_key(key_path.read_bytes(), str(key_path))
        roots = [one for file in authorities for one in _certificates(file)]
        return verify(directory, key, anchor, second, roots)
    except OSError as error:
        name, why = error.filename, error.strerror or type(error).__name__
        raise InternalError(
            "FILE_UNREADABLE", Text(f"{name} cannot be read: {why}.", f"{name} kan ikke leses: {why}.")
        ) from None


def _certificates(path: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except ValueError:
        raise InternalError(
            "KEYS_DAMAGED", Text(f"{path} holds no certificate.", f"{path} inneholder ikke noe sertifikat.")
        ) from None


def report_lines(report: Report, *, shown: int) -> Iterator[Text]:
    """Yield the lines of a report; at most `shown` problems are spelt out."""
    if report.is_sound:
        yield Text("The audit log is sound.", "Revisjonsloggen er i orden.")
    else:
        count = report.problem_count
        yield Text(
            f"THE AUDIT LOG IS NOT SOUND: {count} problem(s).", f"REVISJONSLOGGEN ER IKKE I ORDEN: {count} feil."
        )
        for problem in report.problems[:shown]:
            yield Text(f"  {problem.kind}: {problem.text.en}", f"  {problem.kind}: {problem.text.no}")
        if count > shown:
            yield Text(f"  and {count - shown} more", f"  og {count - shown} til")
    span = f", {report.first_time} - {report.last_time}" if report.records else ""
    yield Text(
        f"{report.records} records, {report.checkpoints} signed checkpoints{span}",
        f"{report.records} oppføringer, {report.checkpoints} signerte kontrollpunkter{span}",
    )
    if report.timestamps:
        yield Text(
            f"{report.timestamps} time stamp(s) of a trusted authority, the last at {report.last_timestamp}",
            f"{report.timestamps} tidsstempel fra en utsteder du stoler på, det siste {report.last_timestamp}",
        )
    if report.recoveries:
        numbers = ", ".join(map(str, report.recoveries[:shown]))
        yield Text(f"Mended after a crash; see record(s) {numbers}", f"Reparert etter et krasj; se oppføring {numbers}")
    if report.torn_bytes:
        yield Text(
            f"The last line is incomplete ({report.torn_bytes} bytes): a restart records and removes it.",
            f"Siste linje er ufullstendig ({report.torn_bytes} byte): en omstart noterer og fjerner den.",
        )
    if report.records and report.is_sound:
        anchor = f"{report.last_sequence}:{report.last_hash}"
        yield Text(
            f"Keep this elsewhere, to notice later if the log is put back: --anchor {anchor}",
            f"Ta vare på dette et annet sted, for å merke om loggen settes tilbake: --anchor {anchor}",
        )
