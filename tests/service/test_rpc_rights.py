"""Who may call what: every rpc for every role, for no role, for ended projects and for other people's sessions."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message_factory import GetMessageClass
from support.mishaps import RawClient, copy_of, raw_client, reason_of, records_of, serving
from support.service import Service

import grille.v1

CALLERS = ("ada", "bo", "audun", "kari", "eve", "late", "olga", "otto", "gone")
"""Researcher and owner of the session, researcher of another project, auditor, custodian; and with a certificate but no
right: member of nothing, one whose grant has expired, researcher and auditor of a project that has ended, revoked."""

RESEARCH = {"ada": "OK", "bo": "OK", "late": "NOT_GRANTED"}
THEIRS = {"ada": "OK", "gone": "CERTIFICATE_REVOKED"}
ANYONE = {"gone": "CERTIFICATE_REVOKED"}
AUDITORS = {"audun": "OK", "otto": "OK", "gone": "CERTIFICATE_REVOKED"}

# For each rpc: what it is asked, what some callers get, and what all others get.
TABLE: dict[str, tuple[dict[str, Any], dict[str, str], str]] = {
    "SessionService/OpenSession": ({}, {**RESEARCH, **ANYONE}, "NOT_A_MEMBER"),
    "SessionService/ListSessions": ({}, ANYONE, "OK"),
    "SessionService/GetIdentity": ({}, ANYONE, "OK"),
    "SessionService/GetLogin": ({}, ANYONE, "OK"),
    "SessionService/GetUsage": ({}, {**RESEARCH, **ANYONE}, "NOT_A_MEMBER"),
    "SessionService/ResumeSession": ({"session_id": "SESSION"}, THEIRS, "UNKNOWN_SESSION"),
    "SessionService/ReplaySession": ({"session_id": "SESSION"}, {**THEIRS, "audun": "OK"}, "UNKNOWN_SESSION"),
    "SessionService/CloseSession": ({"session_id": "SESSION"}, THEIRS, "UNKNOWN_SESSION"),
    "AnalysisService/RunScript": ({"session_id": "SESSION", "script": b"history\n"}, THEIRS, "UNKNOWN_SESSION"),
    "AnalysisService/CancelScript": ({"session_id": "SESSION", "request_id": "x"}, THEIRS, "UNKNOWN_SESSION"),
    "AnalysisService/CheckScript": ({"script": b"history\n"}, {**RESEARCH, **ANYONE}, "NOT_A_MEMBER"),
    "CatalogService/ListVariables": ({}, {**RESEARCH, **ANYONE}, "NOT_A_MEMBER"),
    "CatalogService/ListCommands": ({}, ANYONE, "OK"),
    "AuditService/ListRecords": ({}, AUDITORS, "NOT_AN_AUDITOR"),
    "AuditService/GetRecord": ({"sequence": 1}, {**AUDITORS, "otto": "UNKNOWN_RECORD"}, "NOT_AN_AUDITOR"),
    "AuditService/ExportLog": ({}, AUDITORS, "NOT_AN_AUDITOR"),
    "AuditService/GetOverview": ({}, AUDITORS, "NOT_AN_AUDITOR"),
}


def methods() -> Iterator[tuple[ServiceDescriptor, MethodDescriptor]]:
    """Every rpc of the contract."""
    for module in pkgutil.iter_modules(grille.v1.__path__):
        if module.name.endswith("_pb2"):
            described = importlib.import_module(f"grille.v1.{module.name}").DESCRIPTOR
            for service in described.services_by_name.values():
                for method in service.methods:
                    yield service, method


METHODS = {f"{service.name}/{method.name}": (service, method) for service, method in methods()}


@pytest.fixture(scope="module")
def service(template: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    made = copy_of(template, tmp_path_factory.mktemp("rights"))
    for project in ("health", "old"):
        made.add_project(project)
    made.admin("user", "remove", made.home, "bo", "--project", "wages")
    renewed = ("--server", made.address, "--out")
    made.bundle("bo").unlink()
    made.admin("user", "add", made.home, "bo", "--project", "health", *renewed, made.bundle("bo"))
    for user, project, role in (
        ("eve", "wages", "researcher"),
        ("gone", "wages", "researcher"),
        ("olga", "old", "researcher"),
        ("otto", "old", "auditor"),
    ):
        made.add_user(user, project, role)
    made.admin(
        *("user", "add", made.home, "late", "--project", "wages", "--without-grants"), *renewed, made.bundle("late")
    )
    made.admin("project", "grant", made.home, "wages", "late", "--from", "2020-01-01", "--until", "2020-12-31")
    made.admin("user", "remove", made.home, "eve", "--project", "wages")
    made.admin("user", "revoke", made.home, "gone")
    made.admin("project", "end", made.home, "old")
    with serving(made) as served:
        yield served


@pytest.fixture(scope="module")
def opened() -> dict[str, str]:
    return {}


@pytest.fixture
def session(service: Service, opened: dict[str, str]) -> str:
    """A session of ada's, opened again when a test has closed it."""
    with raw_client(service, "ada") as ada:
        if not opened or reason_of(lambda: ada.run(opened["ada"], "history\n")) != "OK":
            opened["ada"] = ada.open()
            ada.run(opened["ada"], "create-dataset people\n")
    return opened["ada"]


def call(raw: RawClient, name: str, request: dict[str, Any]) -> None:
    """Call an rpc and take its whole answer; an event that says that a command failed counts as a failure."""
    service, method = METHODS[name]
    kind = raw.channel.unary_stream if method.server_streaming else raw.channel.unary_unary
    invoke = kind(
        f"/{service.full_name}/{method.name}",
        request_serializer=GetMessageClass(method.input_type).SerializeToString,
        response_deserializer=GetMessageClass(method.output_type).FromString,
    )
    answer = invoke(GetMessageClass(method.input_type)(**request), timeout=60)
    if method.server_streaming:
        list(answer)


def test_the_table_holds_every_rpc() -> None:
    assert TABLE.keys() == METHODS.keys()


@pytest.mark.parametrize("name", TABLE)
def test_an_rpc_is_for_those_who_have_the_right_to_it_alone(service: Service, session: str, name: str) -> None:
    request, told, others = TABLE[name]
    asked = {key: session if value == "SESSION" else value for key, value in request.items()}
    # the owner comes last: closing ends the session for all
    for caller in (*CALLERS[1:], "ada"):
        expected = told.get(caller, others)
        before = len(records_of(service))
        with raw_client(service, caller) as raw:
            assert reason_of(lambda raw=raw: call(raw, name, asked)) == expected, caller
        denied = [one for one in records_of(service)[before:] if one["event"] == "access_denied"]
        is_denial = expected not in ("OK", "UNKNOWN_RECORD")
        assert len(denied) == is_denial, caller
        if is_denial:
            (record,) = denied
            assert (record["subject"], record["reason"]) == (caller, expected)
            assert record["detail"]["method"] == name
            assert len(record["certificate"]) == 64


def test_strangers_get_nothing_from_any_rpc(service: Service, session: str) -> None:
    bundle = json.loads(service.bundle("ada").read_text())
    secret = grpc.ssl_channel_credentials(bundle["ca"].encode())
    with grpc.secure_channel(
        service.address, secret, (("grpc.ssl_target_name_override", bundle["server_name"]),)
    ) as channel:
        stranger = RawClient(None, None, channel)  # type: ignore[arg-type]
        for name, (request, _, _) in TABLE.items():
            asked = {key: session if value == "SESSION" else value for key, value in request.items()}
            assert reason_of(lambda name=name, asked=asked: call(stranger, name, asked)).startswith("UNAVAILABLE")


def test_the_server_does_not_describe_itself(service: Service) -> None:
    """No reflection: whoever has no contract learns none."""
    with raw_client(service) as raw:
        ask = raw.channel.stream_stream("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")
        with pytest.raises(grpc.RpcError) as raised:
            list(ask(iter([b""]), timeout=10))
    assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED
