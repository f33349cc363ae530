"""What was not granted cannot be used, from the first to the last day of a grant, also in sessions that are open."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.mishaps import PEOPLE, copy_of, raw_client, reason_of, records_of, serving
from support.service import Done, Service

SEX = "require no.ssb.fdb:30 as db\ncreate-dataset people\nimport db/BEFOLKNING_KJOENN as sex\n"


@pytest.fixture(scope="module")
def service(template: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    made = copy_of(template, tmp_path_factory.mktemp("grants"))
    made.admin(
        *("user", "add", made.home, "lim", "--project", "wages", "--without-grants"),
        *("--server", made.address, "--out", made.bundle("lim")),
    )
    with serving(made) as served:
        yield served


@pytest.fixture(autouse=True)
def no_grants(service: Service) -> Iterator[None]:
    yield
    from support.service import command

    command("grille-server", "project", "revoke", service.home, "wages", "lim")


def grant(service: Service, *limits: str) -> Done:
    return service.admin("project", "grant", service.home, "wages", "lim", *limits)


def run(service: Service, script: str) -> Done:
    return service.grille("run", "-", user="lim", stdin=script)


def test_a_member_without_a_grant_can_do_nothing(service: Service) -> None:
    for done in (run(service, SEX), service.grille("variables", user="lim")):
        assert (done.code, "[NOT_GRANTED]" in done.err) == (4, True)


def test_a_variable_that_was_not_granted_is_as_if_it_did_not_exist(service: Service) -> None:
    grant(service, "--variable", "BEFOLKNING_*")
    assert run(service, SEX + "tabulate sex\n").code == 0
    for source in ("import db/INNTEKT_LONN 2022-12-31 as wage\n",):
        done = run(service, SEX + source)
        assert (done.code, "[UNKNOWN_REGISTER_VARIABLE]" in done.out + done.err) == (1, True)
    names = service.grille("variables", user="lim").out
    assert "BEFOLKNING_KJOENN" in names
    assert "INNTEKT" not in names


def test_a_command_that_was_not_granted_is_refused_where_it_stands_also_by_a_check(service: Service) -> None:
    for name in ("require", "create-dataset", "import", "tabulate"):
        grant(service, "--command", name)
    assert run(service, SEX + "tabulate sex\n").code == 0
    for done in (
        run(service, SEX + "summarize sex\n"),
        service.grille("check", "-", user="lim", stdin="summarize x\n"),
    ):
        assert done.code != 0
        assert "[COMMAND_NOT_GRANTED]" in done.out + done.err
    denied = [one for one in records_of(service) if one["subject"] == "lim" and one["command"] == "summarize"][-1]
    assert (denied["outcome"], denied["reason"]) == ("failed", "COMMAND_NOT_GRANTED")


def test_a_grant_holds_from_its_first_to_its_last_day(service: Service) -> None:
    grant(service, "--until", "2020-12-31")
    grant(service, "--from", "2100-01-01")
    assert "[NOT_GRANTED]" in run(service, SEX).err
    grant(service, "--from", "2020-01-01", "--until", "2100-01-01")
    assert run(service, SEX).code == 0


def test_what_is_taken_back_is_gone_from_open_sessions_too(service: Service) -> None:
    grant(service)
    with raw_client(service, "lim") as raw:
        session = raw.open()
        raw.run(session, PEOPLE)
        assert raw.run(session, "tabulate sex\n")[-1].HasField("finished")
        grant(service, "--variable", "BEFOLKNING_*")
        service.admin("project", "revoke", service.home, "wages", "lim", "--grant", number_of_full_grant(service))
        assert raw.failure(session, "summarize wage\n") == "RIGHTS_CHANGED"
        service.admin("project", "revoke", service.home, "wages", "lim")
        assert raw.failure(session, "tabulate sex\n") == "NOT_GRANTED"
        raw.close(session)
        assert reason_of(raw.open) == "NOT_GRANTED"


def number_of_full_grant(service: Service) -> str:
    lines = service.admin("project", "show", service.home, "wages").out.splitlines()
    (line,) = [line for line in lines if line.split()[1:5] == ["lim", "*", "*", "*"]]
    return line.split()[0]


def test_a_grant_names_what_exists(service: Service) -> None:
    from support.service import command

    def reason(*limits: str, user: str = "lim", project: str = "wages") -> str:
        done = command("grille-server", "project", "grant", service.home, project, user, *limits)
        assert done.code == 1
        return done.err.split(": ")[1]

    assert reason("--bank", "no.other.bank") == "UNKNOWN_BANK"
    assert reason("--variable", "x;drop table") == "PATTERN_INVALID"
    assert reason("--until", "soon") == "DATE_INVALID"
    assert reason("--from", "2027-02-01", "--until", "2027-01-01") == "DATE_INVALID"
    assert reason(user="audun") == "UNKNOWN_MEMBER"
    assert reason(user="nobody") == "UNKNOWN_MEMBER"
    assert reason(project="nothing") == "UNKNOWN_PROJECT"


def test_every_change_of_rights_is_in_the_audit_log_before_it_counts(service: Service) -> None:
    grant(service, "--variable", "BEFOLKNING_*")
    assert run(service, "create-dataset x\n").code == 0
    records = records_of(service)
    place = max(i for i, one in enumerate(records) if one["event"] == "administration")
    opened = max(i for i, one in enumerate(records) if one["event"] == "session_opened")
    assert place < opened
    change = records[place]
    assert (change["subject"], change["project"]) == ("lim", "wages")
    assert (change["detail"]["done"], change["detail"]["variables"]) == ("grant added", "BEFOLKNING_*")
    journal = [one["detail"]["journal"] for one in records if one["event"] == "administration"]
    assert journal == [str(number) for number in range(1, len(journal) + 1)]


def test_certificates_are_listed_renewed_and_taken_back_one_by_one(service: Service) -> None:
    before, renewed = service.bundle("bo"), service.bundle("bo2")
    service.admin("user", "certificate", "renew", service.home, "bo", "--out", renewed, "--days", "20", "--keep-old")
    assert "expire" not in service.grille("sessions", "list", user="bo").err
    warned = service.grille("sessions", "list", user="bo2")
    assert (warned.code, "in 19 day(s)" in warned.err) == (0, True)
    assert "om 19 dag(er)" in service.grille("sessions", "list", "--lang", "no", user="bo2").err
    lines = service.admin("user", "certificate", "list", service.home, "bo").out.splitlines()[1:]
    assert [line.split()[4] for line in lines] == ["expires", "valid"]
    service.admin("user", "certificate", "revoke", service.home, lines[1].split()[0])
    assert service.grille("sessions", "list", user="bo").code == 4
    assert service.grille("sessions", "list", user="bo2").code == 0
    renewed.unlink()
    done = service.admin(
        "user", "certificate", "renew", service.home, "bo", "--out", renewed, "--server", service.address
    )
    assert "revoked 1 older" in done.out
    assert service.grille("sessions", "list", user="bo2").code == 0
    assert before.exists()
