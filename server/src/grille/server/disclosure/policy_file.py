"""Policies as TOML files: read with errors that name file, line, key and allowed range; written with every number."""

from __future__ import annotations

import dataclasses
import functools
import re
import tomllib
from pathlib import Path
from typing import Any

from grille.server.disclosure.policy import Policy
from grille.server.disclosure.policy_numbers import ANY_NUMBER, NUMBERS
from grille.server.errors import GrilleError, TypeMismatchError
from grille.server.text import Text

LARGEST_FILE = 64 * 1024


def load_policy(path: Path, *, may_loosen_profile: bool = False) -> Policy:
    """Read a policy from a TOML file: `profile` and any numbers that differ from the profile's.

    Args:
        path: The file.
        may_loosen_profile: Whether numbers may be looser than the profile's, because they are compared with a bank's.

    Raises:
        TypeMismatchError: POLICY_INVALID, when the file is not TOML, a key is unknown, or a value has the wrong type,
            is out of range or looser than the profile; the message names file, line, key and range.
        OSError: It cannot be read.
    """
    return parse_policy(path.read_bytes(), path.name, may_loosen_profile=may_loosen_profile)


@functools.lru_cache(maxsize=256)
def parse_policy(content: bytes, name: str, *, may_loosen_profile: bool = False) -> Policy:
    """Return the policy that a file's content holds; `name` is the file's in messages. Otherwise as `load_policy`."""
    if len(content) > LARGEST_FILE:
        raise _invalid(name, None, "it is too large", "den er for stor")
    try:
        text = content.decode("utf-8")
        entries = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _invalid(name, None, f"not a TOML file: {error}", f"ikke en TOML-fil: {error}") from error
    profile = entries.pop("profile", "standard")
    if not isinstance(profile, str):
        raise _invalid(name, _line(text, "profile"), "profile is not a string", "profile er ikke en tekst")
    try:
        base = Policy.named(profile)
    except TypeMismatchError:
        raise _invalid(
            name,
            _line(text, "profile"),
            f'there is no profile "{profile}"; there are open, standard and strict',
            f"profilen «{profile}» finnes ikke; det finnes open, standard og strict",
        ) from None
    numbers: dict[str, Any] = {key: _number(base, key, value, name, _line(text, key)) for key, value in entries.items()}
    policy = dataclasses.replace(base, **numbers)
    looser = policy.looser_keys(base)
    if looser and not may_loosen_profile:
        keys = ", ".join(looser)
        raise _invalid(
            name,
            _line(text, looser[0]),
            f"looser than the profile {profile}: {keys}",
            f"løsere enn profilen {profile}: {keys}",
        )
    return policy


def written(policy: Policy, heading: str) -> str:
    """Return the TOML text of a policy: the profile, its own numbers, and every other number as a comment.

    Args:
        policy: The policy.
        heading: Comment at the top, one line.
    """
    base = Policy.named(policy.profile)
    lines = [f"# {heading}", "", f'profile = "{policy.profile}"', ""]
    for item in dataclasses.fields(Policy):
        if item.name == "profile":
            continue
        value, usual = getattr(policy, item.name), getattr(base, item.name)
        tighter = item.metadata.get("tighter", "")
        mark = "# " if value == usual else ""
        lines.append(f"{mark}{item.name} = {value}  # {tighter} is tighter; {policy.profile} has {usual}")
    return "\n".join(lines) + "\n"


def _number(base: Policy, key: str, value: Any, name: str, line: int | None) -> int | float:
    known = {item.name: type(getattr(base, item.name)) for item in dataclasses.fields(Policy)}
    if key not in known:
        raise _invalid(name, line, f"unknown key {key}", f"ukjent nøkkel {key}")
    kind = known[key]
    if isinstance(value, bool) or not isinstance(value, (int, kind)):
        wanted = ("a whole number", "et helt tall") if kind is int else ("a number", "et tall")
        raise _invalid(name, line, f"{key} is not {wanted[0]}", f"{key} er ikke {wanted[1]}")
    spec = NUMBERS.get(key, ANY_NUMBER)
    if not spec.low <= value <= spec.high:
        low, high = f"{spec.low:.10g}", f"{spec.high:.10g}"
        raise _invalid(name, line, f"{key} must be between {low} and {high}", f"{key} må være mellom {low} og {high}")
    made: int | float = kind(value)
    return made


def _line(text: str, key: str) -> int | None:
    """Return the line (from 1) on which a top-level key is set."""
    pattern = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=")
    return next((number for number, line in enumerate(text.splitlines(), start=1) if pattern.match(line)), None)


def _invalid(name: str, line: int | None, english: str, norwegian: str) -> GrilleError:
    at = (f", line {line}", f", linje {line}") if line is not None else ("", "")
    return TypeMismatchError(
        "POLICY_INVALID",
        Text(
            f"The policy {name}{at[0]} is not valid: {english}.",
            f"Reglene i {name}{at[1]} er ikke gyldige: {norwegian}.",
        ),
        hint=Text("Correct the policy file.", "Rett filen med regler."),
    )
