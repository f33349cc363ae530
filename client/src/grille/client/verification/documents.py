"""Verifies the JSON document of a run against the receipts in it."""

from __future__ import annotations

from typing import Any

from grille.client.verification.keys import Keys, is_signed
from grille.client.verification.problems import Finding
from grille.client.words import Words, pick
from grille.v1.content import digest_of, receipt_message

Receipt = dict[str, Any]
COVERED = ("line", "command", "source", "status", "reason", "message", "elapsed_ms", "blocks", "rules", "hint")
RECEIPT = frozenset(
    ("record", "record_hash", "index", "total", "time", "project", "session", "banks", "content", "released", "key",
     "signature")
)  # fmt: skip
_TWIN = "synthetic_twin"
_DOCUMENT = ("session", "banks", "results")


def is_document(value: Any) -> bool:
    """Say whether JSON values are a document of `grille run --format json`."""
    return isinstance(value, dict) and isinstance(value.get("results"), list) and "session" in value


def verify_document(document: dict[str, Any], keys: Keys, words: Words) -> Finding:
    """Return whether every result of a document is as the server signed it, in its order and none left out.

    Args:
        document: JSON values, read strictly.
        keys: Public keys that are trusted.
        words: Language of the problems.
    """
    finding = Finding()
    receipts: list[tuple[str, Receipt | None]] = []
    for number, result in enumerate(document["results"], start=1):
        place = pick(words, f"result {number}", f"resultat {number}")
        receipts.append((place, _result(result, place, keys, words, finding)))
    _order(document, receipts, words, finding)
    is_twin = any(_is_twin(result) for result in document["results"] if isinstance(result, dict))
    if is_twin and document.get("twin") is not True:
        finding.add(
            "TWIN_CHANGED", "",
            pick(words, "Its results are of a synthetic twin, and its head does not say so.",
                 "Resultatene er fra en syntetisk tvilling, og det står ikke øverst."),
        )  # fmt: skip
    uncovered = [key for key in document if key not in _DOCUMENT and not (key == "twin" and is_twin)]
    if uncovered:
        finding.notes.append(_not_signed(uncovered, words))
    good = [receipt for _, receipt in receipts if receipt is not None]
    if good:
        first, last = good[0], good[-1]
        finding.facts |= {
            "project": str(last["project"]),
            "session": str(last["session"]),
            "records": f"{first['record']}-{last['record']}",
            "signed": str(last["time"]),
            "key": str(last["key"]),
            "anchor": f"{last['record']}:{last['record_hash']}",
        }
    return finding


def _is_twin(result: dict[str, Any]) -> bool:
    """Say whether a result carries the mark of a synthetic twin, which its receipt covers."""
    blocks = result.get("blocks")
    return isinstance(blocks, list) and any(isinstance(one, dict) and one.get("key") == _TWIN for one in blocks)


def _result(result: Any, place: str, keys: Keys, words: Words, finding: Finding) -> dict[str, Any] | None:
    receipt = result.get("receipt") if isinstance(result, dict) else None
    if not isinstance(receipt, dict):
        finding.add("RECEIPT_MISSING", place, pick(words, "It has no receipt.", "Det har ingen kvittering."))
        return None
    if receipt.keys() != RECEIPT:
        finding.add(
            "RECEIPT_INVALID", place,
            pick(words, "Its receipt has other fields than a server writes.",
                 "Kvitteringen har andre felter enn en tjener skriver."),
        )  # fmt: skip
        return None
    key = keys.get(receipt["key"]) if isinstance(receipt["key"], str) else None
    if key is None:
        finding.add(
            "KEY_UNKNOWN", place,
            pick(words, "Its receipt names a key that you did not give; is it another server's, or an older key?",
                 "Kvitteringen nevner en nøkkel du ikke oppga; er den en annen tjeners, eller en eldre nøkkel?"),
        )  # fmt: skip
        return None
    if not is_signed(key, receipt["signature"], receipt_message(receipt)):
        finding.add(
            "RECEIPT_INVALID", place,
            pick(words, "Its receipt was not signed by the server, or was changed.",
                 "Kvitteringen er ikke signert av tjeneren, eller er endret."),
        )  # fmt: skip
        return None
    if digest_of({key: result[key] for key in COVERED if key in result}) != receipt["content"]:
        finding.add(
            "RESULT_CHANGED", place,
            pick(words, "It is not what the server released: something was changed, added or taken away.",
                 "Det er ikke det tjeneren ga ut: noe er endret, lagt til eller tatt bort."),
        )  # fmt: skip
    uncovered = [name for name in result if name not in COVERED and name != "receipt"]
    if uncovered:
        finding.notes.append(f"{place}: {_not_signed(uncovered, words)}")
    return receipt


def _order(
    document: dict[str, Any], receipts: list[tuple[str, Receipt | None]], words: Words, finding: Finding
) -> None:
    expected: int | None = 1
    for place, receipt in receipts:
        if receipt is None:
            expected = None  # what should follow is not known
            continue
        if receipt["session"] != document["session"]:
            finding.add(
                "SESSION_CHANGED", place,
                pick(words, "Its receipt is of another session.", "Kvitteringen er fra en annen økt."),
            )  # fmt: skip
        if expected is not None and receipt["index"] != expected:
            finding.add(
                "RESULTS_MISSING", place,
                pick(words, f"Before it, command {expected} of the script should stand, but it is command "
                            f"{receipt['index']}.",
                     f"Her skulle kommando {expected} i skriptet stått, men det er kommando {receipt['index']}."),
            )  # fmt: skip
        expected = int(receipt["index"]) + 1
    if not receipts:
        if not document["results"] and not finding.problems:
            finding.add("RESULTS_MISSING", "", pick(words, "It holds no result.", "Den inneholder ingen resultater."))
        return
    last = receipts[-1][1]
    if last is None:
        return
    ended = document["results"][-1].get("status") != "ok"
    if not ended and last["index"] != last["total"]:
        finding.add(
            "RESULTS_MISSING", "",
            pick(words, f"The script had {last['total']} commands; the results end after command {last['index']}.",
                 f"Skriptet hadde {last['total']} kommandoer; resultatene slutter etter kommando {last['index']}."),
        )  # fmt: skip
    if document.get("banks") != last["banks"]:
        finding.add(
            "BANKS_CHANGED", "",
            pick(words, "The banks at its head are not those of its last receipt.",
                 "Bankene øverst er ikke de som står i den siste kvitteringen."),
        )  # fmt: skip


def _not_signed(names: list[str], words: Words) -> str:
    listed = ", ".join(names)
    return pick(words, f"not signed by the server: {listed}", f"ikke signert av tjeneren: {listed}")
