"""Verifies that one record stands in the audit log, without the others."""

from __future__ import annotations

from typing import Any

from grille.client.verification.chain import CHECKPOINT, is_signed_as, record_hash, root_of_path
from grille.client.verification.keys import Keys
from grille.client.verification.problems import Finding
from grille.client.words import Words, pick

FORMAT = "grille-audit-proof-1"


def is_proof(value: Any) -> bool:
    """Say whether JSON values are a record with its proof."""
    return isinstance(value, dict) and value.get("format") == FORMAT


def verify_proof(proof: dict[str, Any], keys: Keys, words: Words) -> Finding:
    """Return whether the record in a proof is one that the server signed.

    Args:
        proof: JSON values: format, record, checkpoint, path.
        keys: Public keys that are trusted.
        words: Language of the problems.
    """
    finding = Finding()
    record, checkpoint, path = proof.get("record"), proof.get("checkpoint"), proof.get("path")
    if not isinstance(record, dict) or not isinstance(checkpoint, dict) or not _is_path(path):
        finding.add("PROOF_INVALID", "", pick(words, "It is not a whole proof.", "Det er ikke et helt bevis."))
        return finding
    if not any(is_signed_as(key, CHECKPOINT, checkpoint) for key in keys.values()):
        finding.add(
            "CHECKPOINT_INVALID", "",
            pick(words, "Its checkpoint was not signed with a key that you gave, or was changed.",
                 "Kontrollpunktet er ikke signert med en nøkkel du oppga, eller er endret."),
        )  # fmt: skip
        return finding
    own, place = record_hash(record), f"{record.get('sequence')}"
    if record.get("hash") != own:
        finding.add("RECORD_CHANGED", place, pick(words, "The record was changed.", "Oppføringen er endret."))
        return finding
    sequence = record.get("sequence")
    index = sequence - checkpoint["first"] if isinstance(sequence, int) else -1
    assert isinstance(path, list)
    if root_of_path(own, index, checkpoint["count"], path) != checkpoint["root"]:
        finding.add(
            "RECORD_NOT_IN_LOG", place,
            pick(words, "The record is not among those that the checkpoint signed.",
                 "Oppføringen er ikke blant dem som kontrollpunktet signerte."),
        )  # fmt: skip
        return finding
    finding.facts = {
        "record": place,
        "time": str(record.get("time", "")),
        "event": str(record.get("event", "")),
        "subject": str(record.get("subject", "")),
        "project": str(record.get("project", "")),
        "checkpoint": f"{checkpoint['number']} ({checkpoint['first']}-{checkpoint['last']})",
        "signed": str(checkpoint["time"]),
        "anchor": f"{place}:{own}",
    }
    return finding


def _is_path(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, str) and len(one) == 64 and set(one) <= set("0123456789abcdef") for one in value
    )
