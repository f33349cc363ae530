"""`policy show`: every number of a policy with what it is, where it comes from and which source it has."""

from __future__ import annotations

import dataclasses
from typing import Any

from grille.server.disclosure.policy import Policy
from grille.server.disclosure.policy_numbers import ANY_NUMBER, NUMBERS
from grille.server.operations.policies.book import InForce, digest
from grille.server.text import Language, Text

HEADS = (
    Text("number", "tall"),
    Text("value", "verdi"),
    Text("limit", "grense"),
    Text("tighter", "strengere"),
    Text("from", "fra"),
    Text("meaning", "betydning"),
    Text("source", "kilde"),
)
_DIRECTIONS = {"higher": Text("higher", "høyere"), "lower": Text("lower", "lavere")}


def document(what: str, name: str, found: InForce) -> dict[str, Any]:
    """Return a policy as JSON values; `what` is bank or project."""
    numbers = []
    for item in dataclasses.fields(Policy):
        if item.name == "profile":
            continue
        spec = NUMBERS.get(item.name, ANY_NUMBER)
        numbers.append(
            {
                "key": item.name,
                "value": getattr(found.policy, item.name),
                "limit": getattr(found.limit, item.name),
                "tighter": item.metadata.get("tighter"),
                "from": found.origins[item.name].en,
                "range": [spec.low, spec.high],
                "meaning": spec.meaning.en,
                "source": spec.source,
            }
        )
    return {
        what: name,
        "profile": found.policy.profile,
        "limit_profile": found.limit.profile,
        "digest": digest(found.policy),
        "numbers": numbers,
    }


def rows(found: InForce, language: Language) -> list[tuple[str, ...]]:
    """Return the rows of the table for people, under HEADS."""
    made: list[tuple[str, ...]] = []
    for item in dataclasses.fields(Policy):
        if item.name == "profile":
            continue
        spec = NUMBERS.get(item.name, ANY_NUMBER)
        made.append(
            (
                item.name,
                f"{getattr(found.policy, item.name):.10g}",
                f"{getattr(found.limit, item.name):.10g}",
                _DIRECTIONS[item.metadata["tighter"]].in_language(language),
                found.origins[item.name].in_language(language),
                spec.meaning.in_language(language),
                spec.source,
            )
        )
    return made


def title(what: str, name: str, found: InForce) -> Text:
    """Return the line above the table."""
    profile = found.policy.profile
    if what == "bank":
        return Text(f"Policy of the bank {name}, profile {profile}", f"Regler for banken {name}, profilen {profile}")
    return Text(f"Policy of the project {name}, profile {profile}", f"Regler for prosjektet {name}, profilen {profile}")
