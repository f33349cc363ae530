"""`grille verify`: checks offline that a result, a record or an export of the log is as the server signed it."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from grille.client import credentials as bundles
from grille.client.environment import Environment
from grille.client.errors import ClientError, UsageError
from grille.client.exits import Exit
from grille.client.render.style import Style, clean, wrapped
from grille.client.verification.documents import is_document, verify_document
from grille.client.verification.exports import ExportVerifier, is_export
from grille.client.verification.keys import Keys, read_keys
from grille.client.verification.problems import Finding
from grille.client.verification.proofs import is_proof, verify_proof
from grille.client.verification.strict_json import HiddenChangeError, read_strictly
from grille.client.words import Words, pick

SHOWN = 20
Anchor = tuple[int, str]


def verify(
    environment: Environment, path: Path, keys: Sequence[Path], anchor: str | None, as_json: bool, words: Words
) -> Exit:
    """Verify a file and say what was found; OK when nothing is wrong.

    Raises:
        UsageError: FILE_NOT_READ, NOT_VERIFIABLE, KEY_MISSING, KEY_NOT_READ, BAD_ANCHOR.
    """
    try:
        content = path.read_bytes()
    except OSError as cause:
        message = pick(words, "{0} cannot be read: {1}.", "{0} kan ikke leses: {1}.")
        raise UsageError("FILE_NOT_READ", message.format(path, cause.strerror)) from cause
    trusted = read_keys(keys, pinned_key(environment, words), words)
    return tell(environment, _judge(content, path.name, trusted, read_anchor(anchor, words), words), as_json, words)


def tell(environment: Environment, finding: Finding, as_json: bool, words: Words) -> Exit:
    """Write what was found."""
    out = environment.stdout
    if as_json:
        problems = [{"kind": one.kind, "place": one.place, "text": one.text} for one in finding.problems]
        document = {"sound": finding.sound, "problems": problems, "notes": finding.notes, "facts": finding.facts}
        out.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
        return Exit.OK if finding.sound else Exit.FAILED
    style = Style(environment.colours)
    if finding.sound:
        sound = pick(words, "Sound: all is as the server signed it.", "I orden: alt er som tjeneren signerte det.")
        out.write(sound + "\n")
    else:
        count = len(finding.problems)
        out.write(style.bad(pick(words, f"NOT SOUND: {count} problem(s).", f"IKKE I ORDEN: {count} feil.")) + "\n")
        for problem in finding.problems[:SHOWN]:
            place = f"{problem.place}: " if problem.place else ""
            out.write("\n".join(wrapped(f"  {problem.kind}: {place}{clean(problem.text)}", environment.width)) + "\n")
        if count > SHOWN:
            out.write(pick(words, f"  and {count - SHOWN} more", f"  og {count - SHOWN} til") + "\n")
    for note in finding.notes:
        out.write("\n".join(wrapped(clean(note), environment.width)) + "\n")
    names = {fact: _fact(fact, words) for fact in finding.facts}
    width = max((len(name) for name in names.values()), default=0)
    for fact, value in finding.facts.items():
        out.write(f"{names[fact]:<{width}}  {clean(value)}\n")
    return Exit.OK if finding.sound else Exit.FAILED


def pinned_key(environment: Environment, words: Words) -> str:
    """Return the public key (PEM) that came with this user's credentials; empty when there are none."""
    with contextlib.suppress(ClientError):
        return bundles.current(environment, words).audit_key
    return ""


def read_anchor(text: str | None, words: Words) -> Anchor | None:
    """Return the anchor in NUMBER:HASH; raises BAD_ANCHOR."""
    if text is None:
        return None
    match = re.fullmatch(r"([0-9]{1,15}):([0-9a-f]{64})", text)
    if match is None:
        raise UsageError(
            "BAD_ANCHOR",
            pick(words, "An anchor is a record's number, a colon and its hash.",
                 "Et anker er nummeret til en oppføring, kolon og summen."),
        )  # fmt: skip
    return int(match[1]), match[2]


def _judge(content: bytes, name: str, keys: Keys, anchor: Anchor | None, words: Words) -> Finding:
    first = content.split(b"\n", 1)[0]
    try:
        if is_export(_value(first)):
            return ExportVerifier(keys, words, anchor).take(_value(line) for line in content.splitlines()[1:])
        value = read_strictly(content)
    except HiddenChangeError as cause:
        finding = Finding()
        text = pick(words, f"No server writes it so: {cause}.", f"Ingen tjener skriver slik: {cause}.")
        finding.add("FILE_CHANGED", "", text)
        return finding
    except (ValueError, RecursionError):
        raise _not_verifiable(name, words) from None
    if is_document(value):
        return verify_document(value, keys, words)
    if is_proof(value):
        return verify_proof(value, keys, words)
    raise _not_verifiable(name, words)


def _value(line: bytes) -> Any:
    try:
        return read_strictly(line)
    except HiddenChangeError:
        raise
    except (ValueError, RecursionError):
        return {}


def _not_verifiable(name: str, words: Words) -> UsageError:
    return UsageError(
        "NOT_VERIFIABLE",
        pick(words, f"{name} is nothing that can be verified.", f"{name} er ikke noe som kan kontrolleres."),
        pick(words, "It takes what these write: grille run --format json, grille audit export.",
             "Den tar det disse skriver: grille run --format json, grille audit export."),
    )  # fmt: skip


def _fact(name: str, words: Words) -> str:
    norwegian = {
        "project": "prosjekt", "session": "økt", "records": "oppføringer", "record": "oppføring", "signed": "signert",
        "key": "nøkkel", "anchor": "anker", "shown": "vist", "checkpoints": "kontrollpunkter",
        "checkpoint": "kontrollpunkt", "from": "fra", "to": "til", "time": "tid", "event": "hendelse",
        "subject": "bruker",
    }  # fmt: skip
    return norwegian.get(name, name) if words is Words.NORWEGIAN else name
