"""Every result carries a receipt, with which anyone can check offline that no digit of it was changed."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support.mishaps import PEOPLE, copy_of, records_of, serving
from support.service import Service, command

from grille.client.verification.documents import verify_document
from grille.client.verification.keys import Keys, id_of, parse_key
from grille.client.verification.problems import Finding
from grille.client.verification.strict_json import read_strictly
from grille.client.words import Words
from grille.v1.content import receipt_message

SCRIPT = PEOPLE + (
    "tabulate sex\nsummarize wage\nboxplot wage, over(sex)\nregress wage i.sex\n"
    "textblock\n## Wages *and* æøå\nendblock\ntabulate nobody\n"
)


@pytest.fixture(scope="module")
def service(template: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(copy_of(template, tmp_path_factory.mktemp("receipts"))) as served:
        yield served


@pytest.fixture(scope="module", params=["en", "no"])
def content(service: Service, request: pytest.FixtureRequest) -> str:
    done = service.grille("run", "-", "--format", "json", "--lang", request.param, stdin=SCRIPT)
    assert done.code == 1
    return done.out


@pytest.fixture(scope="module")
def keys(service: Service) -> Keys:
    key = parse_key((service.home / "keys" / "audit-signing.pub").read_bytes())
    assert key is not None
    return {id_of(key): key}


def verified(content: str, keys: Keys) -> Finding:
    try:
        return verify_document(read_strictly(content.encode()), keys, Words.ENGLISH)
    except ValueError as cause:  # also what is no JSON any more
        finding = Finding()
        finding.add("FILE_CHANGED", "", str(cause))
        return finding


def kinds(document: dict[str, Any], keys: Keys) -> set[str]:
    return {problem.kind for problem in verified(json.dumps(document), keys).problems}


def test_every_result_also_a_refused_one_has_a_receipt_of_its_record(
    service: Service, content: str, keys: Keys
) -> None:
    assert verified(content, keys).problems == []
    document = json.loads(content)
    records = {one["sequence"]: one for one in records_of(service)}
    assert [one["status"] for one in document["results"]] == ["ok"] * 9 + ["error"]
    for place, result in enumerate(document["results"], start=1):
        receipt = result["receipt"]
        record = records[receipt["record"]]
        assert (receipt["index"], receipt["total"]) == (place, 10)
        assert receipt["record_hash"] == record["hash"]
        assert (receipt["content"], receipt["released"]) == (record["content_digest"], record["released_digest"])
        assert (record["command"], record["source"]) == (result["command"], result["source"])
        assert [rule for rule, _ in record["decisions"]] == record["rules"] == [one["rule"] for one in result["rules"]]


def test_a_change_of_any_digit_of_the_file_is_found(content: str, keys: Keys) -> None:
    places = [match.start() for match in re.finditer(r"\d", content)]
    assert len(places) > 1000
    for place in places[:: max(1, len(places) // 400)]:
        digit = str((int(content[place]) + 1) % 10)
        assert not verified(content[:place] + digit + content[place + 1 :], keys).sound, content[place - 40 : place + 9]


def test_the_last_digit_of_every_number_counts(content: str, keys: Keys) -> None:
    numbers = list(re.finditer(r"(?<![\"\w.+-])-?\d+\.?\d*(?:e[+-]?\d+)?(?=[,\s\]}])", content))
    assert len(numbers) > 50
    for number in numbers[:: max(1, len(numbers) // 200)]:
        end = number.end()
        for text in (number[0] + "1", number[0] + "00000000000000000001" if "." in number[0] else number[0] + "0"):
            assert not verified(content[: number.start()] + text + content[end:], keys).sound, text


def test_words_results_and_their_order_count(content: str, keys: Keys) -> None:
    document = json.loads(content)

    def changed(change: str) -> set[str]:
        other = copy.deepcopy(document)
        exec(change, {"d": other, "r": other["results"]})
        return kinds(other, keys)

    assert "RESULT_CHANGED" in changed('r[4]["source"] += " if sex == 1"')
    assert "RESULT_CHANGED" in changed('r[4]["blocks"][0]["rows"].pop()')
    assert "RESULT_CHANGED" in changed('r[4]["blocks"][0]["flags"][0][1] = "suppressed"')
    assert "RESULT_CHANGED" in changed('r[9]["message"] = "all is well"')
    assert "RESULT_CHANGED" in changed('r[9]["status"] = "ok"')
    assert "RESULT_CHANGED" in changed('r[8]["blocks"][0]["text"] += "!"')
    assert "RESULT_CHANGED" in changed('r[4]["rules"].clear()')
    assert "RESULT_CHANGED" in changed('r[4]["receipt"] = r[5]["receipt"]')
    assert "RESULTS_MISSING" in changed("del r[6]")
    assert "RESULTS_MISSING" in changed("del r[9]")
    assert "RESULTS_MISSING" in changed("r.insert(2, r.pop(5))")
    assert "RECEIPT_MISSING" in changed('del r[3]["receipt"]')
    assert "SESSION_CHANGED" in changed('d["session"] = "another"')
    assert "BANKS_CHANGED" in changed('d["banks"][0]["version"] = 31')
    assert changed("pass") == set()


def test_a_receipt_made_by_another_key_is_no_receipt(content: str, keys: Keys) -> None:
    other = Ed25519PrivateKey.generate()
    document = json.loads(content)
    receipt = document["results"][4]["receipt"]
    receipt["signature"] = other.sign(receipt_message(receipt)).hex()
    assert kinds(document, keys) == {"RECEIPT_INVALID"}
    receipt["key"] = id_of(other.public_key())
    receipt["signature"] = other.sign(receipt_message(receipt)).hex()
    assert kinds(document, keys) == {"KEY_UNKNOWN"}


def test_another_layout_and_another_order_of_keys_are_the_same_result(content: str, keys: Keys) -> None:
    document = json.loads(content)
    assert kinds(json.loads(json.dumps(document, sort_keys=True, indent=None, ensure_ascii=True)), keys) == set()


def test_grille_verify_tells_a_person(service: Service, content: str, tmp_path: Path) -> None:
    file, key = tmp_path / "r.json", service.home / "keys" / "audit-signing.pub"
    file.write_text(content)
    sound = service.grille("verify", file)  # with the key that came with ada's credentials
    assert (sound.code, sound.out.splitlines()[0]) == (0, "Sound: all is as the server signed it.")
    away = {"GRILLE_CREDENTIALS": str(tmp_path / "none"), "XDG_CONFIG_HOME": str(tmp_path)}
    assert command("grille", "verify", file, "--key", key, env=away).code == 0
    assert "[KEY_MISSING]" in command("grille", "verify", file, env=away).err
    file.write_text(content.replace('"index": 5', '"index": 5, "index": 5'))
    twice = service.grille("verify", file, "--format", "json")
    assert (twice.code, twice.json["sound"], twice.json["problems"][0]["kind"]) == (1, False, "FILE_CHANGED")
    rows = json.loads(content)
    rows["results"][4]["blocks"][0]["rows"][0][1] += 1
    file.write_text(json.dumps(rows))
    changed = service.grille("verify", file, "--lang", "no")
    assert changed.code == 1
    assert "RESULT_CHANGED: resultat 5" in changed.out
    file.write_text("{}")
    assert "[NOT_VERIFIABLE]" in service.grille("verify", file).err
    assert "[FILE_NOT_READ]" in service.grille("verify", tmp_path / "nothing").err


def test_the_page_shows_where_each_figure_s_record_stands(service: Service) -> None:
    page = service.grille("run", "-", "--format", "html", stdin=PEOPLE + "tabulate sex\n").out
    record = [one for one in records_of(service) if one["command"] == "tabulate" and one["outcome"] == "answered"][-1]
    assert f'data-record="{record["sequence"]}"' in page
    assert record["content_digest"] in page
