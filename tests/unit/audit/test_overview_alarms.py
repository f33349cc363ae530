"""Patterns that look like an attack raise an alarm; the same amount of honest work does not."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from grille.server.audit.overview.model import NearPair, Overview, ReleasedSet
from grille.server.audit.overview.summary import document, overview_of
from grille.server.text import Language

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


class Log:
    """Records as a server writes them."""

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []

    def add(self, event: str = "command", user: str = "ada", project: str = "wages", **fields: Any) -> None:
        number = len(self.records) + 1
        base = {"sequence": number, "event": event, "subject": user, "project": project, "time": f"t{number:03d}"}
        self.records.append({**base, "detail": {}, **fields})

    def released(self, digest: str, user: str = "ada", **fields: Any) -> None:
        self.add(user=user, outcome="answered", command="summarize", analysis_sets=[digest], **fields)

    def refused(self, reason: str = "TOO_FEW_UNITS", user: str = "ada", **fields: Any) -> None:
        self.add(user=user, outcome="refused", command="tabulate", reason=reason, **fields)

    def prepared(self) -> None:
        self.add(outcome="answered", command="generate", analysis_sets=[])


def released_set(digest: str, size: int, partition: str | None = None, bank: str = "no.test") -> ReleasedSet:
    return ReleasedSet("wages", bank, "PERSON", digest, "summarize", NOW, size, partition)


def overview(log: Log, sets: Iterable[ReleasedSet] = (), near: Iterable[NearPair] = (), **only: Any) -> Overview:
    return overview_of(log.records, list(sets), list(near), **only)


def kinds(found: Overview) -> list[str]:
    return [alarm.kind for alarm in found.alarms]


def test_five_refusals_in_a_row_raise_an_alarm_also_with_preparation_between_them() -> None:
    log = Log()
    for _ in range(5):
        log.prepared()
        log.refused()
    (alarm,) = overview(log).alarms
    assert (alarm.kind, alarm.users, alarm.records) == ("REFUSALS_IN_A_ROW", ("ada",), (2, 4, 6, 8, 10))


def test_refusals_between_releases_or_of_different_users_raise_none() -> None:
    log = Log()
    for i in range(12):
        log.refused(user=("ada", "bo", "eva")[i % 3]) if i % 4 else log.released(
            f"s{i}", user=("ada", "bo", "eva")[i % 3]
        )
    assert kinds(overview(log)) == []


def test_refusals_of_sets_that_are_too_close_raise_an_alarm_from_the_third() -> None:
    log = Log()
    for i in range(3):
        assert kinds(overview(log)) == []
        log.refused("SETS_TOO_CLOSE")
        log.released(f"s{i}")
    assert kinds(overview(log)) == ["SETS_TOO_CLOSE"]


def test_sets_that_shrink_step_by_step_raise_an_alarm_whoever_asks() -> None:
    log, sets = Log(), []
    for i in range(6):
        log.released(f"s{i}", user="ada" if i % 2 else "bo")
        sets.append(released_set(f"s{i}", 10_000 - 30 * i))
    (alarm,) = overview(log, sets).alarms
    assert (alarm.kind, alarm.users, alarm.records) == ("SHRINKING_SETS", ("ada", "bo"), (1, 2, 3, 4, 5, 6))
    assert not any(str(one.size) in f"{document(overview(log, sets))}" for one in sets), "sizes are secret"


def test_sets_that_grow_step_by_step_raise_an_alarm_too() -> None:
    log, sets = Log(), []
    for i in range(5):
        log.released(f"s{i}")
        sets.append(released_set(f"s{i}", 10_000 + 30 * i))
    assert kinds(overview(log, sets)) == ["SHRINKING_SETS"]


def test_honest_subgroups_do_not_look_like_shrinking() -> None:
    sizes = [10_000, 4_900, 5_100, 9_800, 10_000, 2_500, 9_900, 10_000, 9_950, 7_000]
    log, sets = Log(), []
    for i, size in enumerate(sizes):
        log.released(f"s{i}")
        sets.append(released_set(f"s{i}", size))
    assert kinds(overview(log, sets)) == []


def test_shrinking_is_seen_within_a_bank_alone_and_across_repetitions() -> None:
    log, sets = Log(), []
    for i in range(5):
        log.released(f"s{i}")
        log.released(f"s{i}")  # the same question again
        sets.append(released_set(f"s{i}", 10_000 - 30 * i, bank="no.one" if i % 2 else "no.two"))
    assert kinds(overview(log, sets)) == []
    same = [released_set(one.digest, one.size) for one in sets]
    assert kinds(overview(log, same)) == ["SHRINKING_SETS"]


def test_a_set_divided_in_ten_ways_raises_an_alarm() -> None:
    log, sets = Log(), [released_set("whole", 5_000)]
    for i in range(10):
        assert kinds(overview(log, sets)) == []
        log.released("whole", user=f"user{i % 2}")
        sets.append(released_set("whole", 5_000, partition=f"p{i}"))
    found = overview(log, sets)
    assert kinds(found) == ["MANY_PARTITIONS"]
    assert [(one.ways, one.users) for one in found.divided] == [(10, ("user0", "user1"))]


def test_three_pairs_along_the_limit_raise_an_alarm() -> None:
    log = Log()
    for i in range(4):
        log.released(f"s{i}")
    pairs = [NearPair("wages", "no.test", "PERSON", (f"s{i}", f"s{i + 1}")) for i in range(3)]
    assert kinds(overview(log, (), pairs[:2])) == []
    assert kinds(overview(log, (), pairs)) == ["NEAR_DIFFERENCES"]


def test_calls_that_were_turned_away_and_looser_policies_raise_alarms() -> None:
    log = Log()
    for _ in range(5):
        log.add("access_denied", user="eva", project="", reason="NOT_A_MEMBER")
    log.add("policy_changed", user="", project="", detail={"what": "bank no.test", "looser": "cell_min"})
    log.add("policy_changed", user="", project="", detail={"what": "bank no.test", "looser": ""})
    found = overview(log)
    assert kinds(found) == ["ACCESS_DENIED", "POLICY_LOOSENED"]
    assert "cell_min" in found.alarms[1].text.en


def test_commands_on_twins_are_counted_and_raise_nothing() -> None:
    log = Log()
    for _ in range(9):
        log.refused(detail={"twin": "yes"})
    found = overview(log)
    assert kinds(found) == []
    assert [(one.commands, one.on_twins, one.refused) for one in found.activities] == [(0, 9, {})]


def test_an_overview_counts_by_project_and_user_and_can_be_narrowed() -> None:
    log = Log()
    log.add("session_opened")
    log.released("a")
    log.released("a")
    log.refused()
    log.add(outcome="failed", reason="UNKNOWN_VARIABLE")
    log.released("b", user="bo", project="other")
    found = overview(log, [released_set("a", 2_000)])
    ada, bo = sorted(found.activities, key=lambda one: one.user)
    assert (ada.sessions, ada.commands, ada.released, len(ada.sets), ada.failed) == (1, 4, 2, 1, 1)
    assert ada.refused == {"TOO_FEW_UNITS": 1}
    assert (ada.first, ada.last) == ("t001", "t005")
    assert dict(found.projects) == {"wages": 1}
    assert [one.user for one in overview(log, user="bo").activities] == [bo.user]
    assert [one.project for one in overview(log, projects={"wages"}).activities] == ["wages"]


def test_texts_are_in_both_languages_and_keys_in_one() -> None:
    log = Log()
    for _ in range(5):
        log.refused()
    english, norwegian = (document(overview(log), language) for language in (Language.ENGLISH, Language.NORWEGIAN))
    assert english["alarms"][0]["text"] == "5 refusals in a row."
    assert norwegian["alarms"][0]["text"] == "5 avvisninger på rad."
    assert english.keys() == norwegian.keys()
