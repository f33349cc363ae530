"""Verifies an export of the whole audit log, in which records of other projects stand with their hashes alone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from grille.client.verification.chain import (
    CHECKPOINT,
    GENESIS,
    HEAD,
    canonical,
    is_signed_as,
    line_digest,
    merkle_root,
    record_hash,
)
from grille.client.verification.keys import Keys
from grille.client.verification.problems import Finding
from grille.client.words import Words, pick

FORMAT = "grille-audit-export-1"
_ORDER = {"record": 0, "withheld": 0, "checkpoint": 1, "head": 2, "public_key": 3}
_HASH = re.compile(r"[0-9a-f]{64}\Z")


def is_export(value: Any) -> bool:
    """Say whether JSON values are the first line of an export."""
    return isinstance(value, dict) and value.get("format") == FORMAT


class ExportVerifier:
    """Takes the parts of an export in their order; holds the hashes of all records, 64 bytes each."""

    def __init__(self, keys: Keys, words: Words, anchor: tuple[int, str] | None = None) -> None:
        """Verify with trusted `keys`; `anchor` is a record's number and hash that must be there."""
        self._keys, self._words, self._anchor = keys, words, anchor
        self._hashes: list[str] = []
        self._shown = 0
        self._covered = 0
        self._checkpoints = 0
        self._previous = GENESIS  # digest of the checkpoint before
        self._head: dict[str, Any] | None = None
        self._span = ("", "")
        self._order = 0
        self.finding = Finding()

    def take(self, parts: Iterable[dict[str, Any]]) -> Finding:
        """Take all parts, and return what was found."""
        for part in parts:
            kind, value = next(iter(part.items())) if len(part) == 1 else ("", None)
            order = _ORDER.get(kind, self._order)
            if order < self._order:
                self._add("EXPORT_INVALID", "", "Its lines are not in their order.", "Linjene er ikke i rekkefølge.")
            self._order = order
            if kind == "record" and isinstance(value, dict):
                self._record(value)
            elif kind == "withheld" and isinstance(value, dict):
                self._withheld(value)
            elif kind == "checkpoint" and isinstance(value, dict):
                self._checkpoint(value)
            elif kind == "head" and isinstance(value, dict) and self._head is None:
                self._head = value
            elif kind != "public_key":
                self._add(
                    "EXPORT_INVALID",
                    "",
                    "It holds a line that does not belong.",
                    "Den har en linje som ikke hører til.",
                )
        return self._end()

    def _record(self, record: dict[str, Any]) -> None:
        number, own = len(self._hashes) + 1, record_hash(record)
        if record.get("hash") != own:
            self._add("RECORD_CHANGED", str(number), "The record was changed.", "Oppføringen er endret.")
        elif record.get("sequence") != number:
            self._add(
                "RECORDS_MISSING", str(number),
                f"Here stands record {record.get('sequence')}.", f"Her står oppføring {record.get('sequence')}.",
            )  # fmt: skip
        elif record.get("previous") != (self._hashes[-1] if self._hashes else GENESIS):
            self._add(
                "CHAIN_BROKEN", str(number),
                "The record does not follow the one before.", "Oppføringen følger ikke den forrige.",
            )  # fmt: skip
        self._hashes.append(own)
        self._shown += 1
        moment = str(record.get("time", ""))
        self._span = (self._span[0] or moment, moment)

    def _withheld(self, withheld: dict[str, Any]) -> None:
        hashes = withheld.get("hashes")
        number = len(self._hashes) + 1
        if not isinstance(hashes, list) or not all(isinstance(one, str) and _HASH.match(one) for one in hashes):
            self._add("EXPORT_INVALID", str(number), "Hashes are not whole.", "Summene er ikke hele.")
            return
        if withheld.get("first") != number:
            self._add("RECORDS_MISSING", str(number), "Records are missing here.", "Her mangler oppføringer.")
        self._hashes += hashes

    def _checkpoint(self, checkpoint: dict[str, Any]) -> None:
        name = str(checkpoint.get("number"))
        if not any(is_signed_as(key, CHECKPOINT, checkpoint) for key in self._keys.values()):
            self._add(
                "CHECKPOINT_INVALID", name, "The checkpoint was not signed with a key that you gave, or was changed.",
                "Kontrollpunktet er ikke signert med en nøkkel du oppga, eller er endret.",
            )  # fmt: skip
            self._previous = ""
            self._checkpoints += 1
            self._covered = int(checkpoint["last"]) if isinstance(checkpoint.get("last"), int) else self._covered
            return
        if (
            checkpoint["number"] != self._checkpoints + 1
            or checkpoint["previous"] not in (self._previous, *(() if self._previous else (checkpoint["previous"],)))
            or checkpoint["first"] != self._covered + 1
        ):
            self._add(
                "CHECKPOINT_ORDER", name,
                "The checkpoint does not follow the one before.", "Kontrollpunktet følger ikke det forrige.",
            )  # fmt: skip
        leaves = self._hashes[checkpoint["first"] - 1 : checkpoint["last"]]
        if (
            len(leaves) != checkpoint["count"]
            or leaves[-1] != checkpoint["chain"]
            or merkle_root(leaves) != checkpoint["root"]
        ):
            self._add(
                "CHECKPOINT_MISMATCH", name,
                f"Records {checkpoint['first']}-{checkpoint['last']} are not those that were signed.",
                f"Oppføringene {checkpoint['first']}-{checkpoint['last']} er ikke dem som ble signert.",
            )  # fmt: skip
        self._checkpoints, self._covered = checkpoint["number"], checkpoint["last"]
        self._previous = line_digest(canonical(checkpoint))

    def _end(self) -> Finding:
        last = len(self._hashes)
        if self._covered != last:
            self._add(
                "RECORDS_UNSIGNED", "", f"The checkpoints cover records up to {self._covered}, not up to {last}.",
                f"Kontrollpunktene dekker oppføringene til {self._covered}, ikke til {last}.",
            )  # fmt: skip
        self._judge_head(last)
        if self._anchor is not None:
            number, own = self._anchor
            if not 0 < number <= last or self._hashes[number - 1] != own:
                self._add(
                    "ANCHOR_MISMATCH", str(number),
                    "It is not the record that was noted: the log was put back or made anew.",
                    "Det er ikke oppføringen som ble notert: loggen er satt tilbake eller laget på nytt.",
                )  # fmt: skip
        self.finding.facts = {
            "records": str(last),
            "shown": str(self._shown),
            "checkpoints": str(self._checkpoints),
            "from": self._span[0],
            "to": self._span[1],
        }
        if last:
            self.finding.facts["anchor"] = f"{last}:{self._hashes[-1]}"
        return self.finding

    def _judge_head(self, last: int) -> None:
        head = self._head
        if head is None or not any(is_signed_as(key, HEAD, head) for key in self._keys.values()):
            self._add("HEAD_INVALID", "", "The head is missing, or was not signed with a key that you gave.",
                      "Hodet mangler, eller er ikke signert med en nøkkel du oppga.")  # fmt: skip
            return
        end = self._hashes[-1] if self._hashes else GENESIS
        if (head["sequence"], head["hash"], head["checkpoints"]) != (last, end, self._checkpoints):
            self._add(
                "HEAD_MISMATCH", "",
                f"The log had {head['sequence']} records and {head['checkpoints']} checkpoints; here are others.",
                f"Loggen hadde {head['sequence']} oppføringer og {head['checkpoints']} kontrollpunkter; her er andre.",
            )  # fmt: skip

    def _add(self, kind: str, place: str, en: str, no: str) -> None:
        named = pick(self._words, f"record {place}", f"oppføring {place}") if place else ""
        if kind.startswith("CHECKPOINT"):
            named = pick(self._words, f"checkpoint {place}", f"kontrollpunkt {place}")
        self.finding.add(kind, named, pick(self._words, en, no))
