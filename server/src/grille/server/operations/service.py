"""The running server: puts every part together, serves, and leaves in an orderly way. The only place that knows all."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import grpc
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from grille.server.audit.files import Files
from grille.server.audit.log import AuditLog
from grille.server.audit.record import AuditRecord, Event
from grille.server.audit.sessions import entries_of
from grille.server.catalog.bank_file import data_path, remove_unfinished
from grille.server.catalog.banks import list_banks
from grille.server.commands.lookup import bank_alias
from grille.server.disclosure.condition_parts import ConditionParts
from grille.server.disclosure.gate import Gate
from grille.server.disclosure.ledger import Ledger
from grille.server.execution.admit import Admit, Places
from grille.server.execution.alert import Alert
from grille.server.execution.authorise import Authorise
from grille.server.execution.charge import Charge
from grille.server.execution.compute import Compute
from grille.server.execution.desk import Banks, Desk, Place
from grille.server.execution.disclose import Disclose
from grille.server.execution.interface import Caller
from grille.server.execution.pad import Pad
from grille.server.execution.quotas import Limits, Quota
from grille.server.execution.rebuild import Rebuild
from grille.server.execution.record import Record
from grille.server.execution.replay import Opening, Replay
from grille.server.execution.rights import Rights
from grille.server.execution.scripts import Scripts
from grille.server.execution.usage import UsageBook
from grille.server.logs import configure_logging
from grille.server.operations.audit_service import add_audit_service, denial_recorder
from grille.server.operations.config import ServerConfig
from grille.server.operations.grants import rights_of
from grille.server.operations.home import Home
from grille.server.operations.interrupted import in_use
from grille.server.operations.journal_reader import JournalReader
from grille.server.operations.keys import Keys, load_keys
from grille.server.operations.metrics import Metrics
from grille.server.operations.overview import home_overview
from grille.server.operations.policies.watch import PolicyWatch
from grille.server.operations.registry import Registry
from grille.server.operations.registry_model import Membership
from grille.server.operations.second_factor import SecondFactor
from grille.server.operations.timestamping import Stamper
from grille.server.operations.tls import peer, server_credentials
from grille.server.operations.twins import Twins, twin_key, twin_ledger
from grille.server.operations.watching import watch_over
from grille.server.sessions.cards import Cards
from grille.server.sessions.manager import SessionLimits, SessionManager
from grille.server.sessions.messages import AttachedBank
from grille.server.sessions.process import warm_up
from grille.server.sessions.session import Session
from grille.server.transport.analysis import AnalysisServicer
from grille.server.transport.catalog import CatalogServicer
from grille.server.transport.interceptor import ErrorInterceptor
from grille.server.transport.sessions import SessionServicer
from grille.v1 import analysis_pb2_grpc, catalog_pb2_grpc, session_pb2_grpc

DRAIN_SECONDS = 30.0
# what a worker reads stays in memory up to its limit: little at first, all when a command needs it (decision 41)
FIRST_MEMORY_MIB = 768
EXPIRY_SECONDS = 30.0
MOST_METADATA = 16 * 1024
SPARE_THREADS = 8  # for the health service, and to say no, when all others are at work


def serve(home: Home, config: ServerConfig, listen: str) -> None:
    """Serve `home` on `listen` until SIGTERM or SIGINT; then drain.

    Raises:
        InternalError: KEYS_MISSING, KEY_PERMISSIONS, KEYS_IN_USE, AUDIT_LOCKED, AUDIT_DAMAGED, LEDGER_UNREADABLE,
            ADDRESS_IN_USE.
    """
    os.umask(0o077)  # files that libraries make beside ours, such as SQLite's, are the owner's alone too
    with in_use(home):
        _serve(home, config, listen)


def _serve(home: Home, config: ServerConfig, listen: str) -> None:
    keys = load_keys(home)
    credentials = server_credentials(home)
    remove_unfinished(home.banks)
    warm_up("grille.server.operations.cli")  # before any thread: workers are forked from a process that has none
    configure_logging(config.server.log_level)
    log = structlog.get_logger()
    with AuditLog(
        home.audit,
        keys.audit_signing,
        checkpoint_records=config.audit.checkpoint_records,
        checkpoint_seconds=config.audit.checkpoint_seconds,
        segment_bytes=config.audit.segment_mib * 1024 * 1024,
        second=Path(config.audit.second_folder) if config.audit.second_folder else None,
    ) as audit:
        running = Running(home, keys, config, audit)
        server, status = running.server()
        bound = _bind(server, listen, credentials)
        server.start()
        watch_over(home, config, running.metrics, audit, running.sessions)
        stamper = Stamper(audit, config.audit.timestamp_url, config.audit.timestamp_minutes * 60)
        if config.audit.timestamp_url:
            stamper.start()
        audit.append(AuditRecord(Event.SERVER_STARTED, detail=(("listen", bound),)))
        status.set("", health_pb2.HealthCheckResponse.SERVING)
        log.info("serving", address=bound)
        _wait(running.tend)
        log.info("draining")
        status.enter_graceful_shutdown()
        finished = server.stop(DRAIN_SECONDS)
        if not finished.wait(DRAIN_SECONDS):
            running.sessions.interrupt_all()
            finished.wait()
        running.sessions.shutdown()
        audit.append(AuditRecord(Event.SERVER_STOPPED))
        if config.audit.timestamp_url:
            audit.checkpoint()
            stamper.stop()
        log.info("stopped")


class Running:
    """Every part of a running server, composed."""

    def __init__(self, home: Home, keys: Keys, config: ServerConfig, audit: AuditLog) -> None:
        """Compose; opens the ledger and the control file."""
        self._home, self._keys, self._config, self._audit = home, keys, config, audit
        self._registry = Registry(home.control)
        self.metrics = Metrics()
        self._journal = JournalReader(self._registry, audit)
        self._journal.catch_up()
        self._ledger = Ledger(home.ledger, keys.ledger)
        self._twins, self._twin_ledger = Twins(home), twin_ledger(home, keys)
        self._banks: Callable[[], Banks] = partial(list_banks, home.banks)
        self._policies = PolicyWatch(home, audit, self._registry.project)
        self._policies.begin(tuple(self._banks()), self._registry.projects())
        limits = config.limits
        self.sessions = SessionManager(
            home.sessions,
            SessionLimits(
                limits.max_sessions,
                limits.max_sessions_per_user,
                f"{limits.worker_memory_mib}MiB",
                limits.worker_threads,
                limits.idle_minutes,
                limits.sleep_minutes,
                limits.max_workers,
                limits.detached_minutes,
                f"{min(limits.worker_memory_mib, FIRST_MEMORY_MIB)}MiB",
            ),
            lambda session, reason: self.desk.session_closed(session, reason),
            Cards(home.open_sessions),
        )
        places = Places(limits.running_commands, limits.running_commands_per_user)
        computed = Admit(Compute(limits.command_timeout_seconds, self._policies.of, self._parts), places)
        disclosed = Disclose(computed, self._gate)
        self._usage = UsageBook(home.usage)
        charged = Charge(disclosed, self._usage, self._quotas, self.sessions.of_user_in)
        recorded = Record(Authorise(charged, self._rights), audit, self._policies.of)
        executor = Pad(Alert(recorded, audit), self._policies.of)
        entries = partial(entries_of, Files(home.audit))
        rebuild = Rebuild(disclosed, audit, entries, self._equip)
        scripts = Scripts(executor, audit, rebuild, self.sessions.used)
        self.desk = Desk(
            self.sessions,
            scripts,
            rebuild,
            Replay(disclosed, audit, entries, self._aside),
            audit,
            self._places,
            self._banks,
            self._attach,
            self._twins.of,
            self._policies.of,
            charged.usages,
        )

    def server(self) -> tuple[grpc.Server, health.HealthServicer]:
        """Return the gRPC server with every service registered, not started."""
        config = self._config.server
        log = structlog.get_logger()

        def on_call(method: str, reason: str, seconds: float) -> None:
            self.metrics.called(method, reason, seconds)
            log.info("call", method=method, reason=reason, elapsed_ms=round(seconds * 1000))

        factor = SecondFactor(self._config.oidc, self._registry, self._memberships, _identify)
        denied = denial_recorder(self._audit, _identify)
        server = grpc.server(
            ThreadPoolExecutor(config.request_threads + SPARE_THREADS, thread_name_prefix="request"),
            interceptors=[ErrorInterceptor(on_call, config.request_threads, factor.check, denied)],
            maximum_concurrent_rpcs=config.request_threads + SPARE_THREADS,
            options=(
                ("grpc.max_receive_message_length", config.max_request_bytes),
                ("grpc.max_send_message_length", config.max_response_bytes),
                ("grpc.so_reuseport", 0),
                ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
                ("grpc.keepalive_permit_without_calls", 1),
                ("grpc.max_concurrent_streams", config.max_streams),
                ("grpc.max_metadata_size", MOST_METADATA),
                ("grpc.max_connection_age_ms", config.connection_minutes * 60_000),
            ),
        )
        session_pb2_grpc.add_SessionServiceServicer_to_server(
            SessionServicer(self.desk, _identify, factor.login), server
        )
        analysis_pb2_grpc.add_AnalysisServiceServicer_to_server(AnalysisServicer(self.desk, _identify), server)
        catalog_pb2_grpc.add_CatalogServiceServicer_to_server(CatalogServicer(self.desk, _identify), server)
        add_audit_service(
            server, self._audit, self._audited, partial(home_overview, self._home, self._ledger), _identify
        )
        status = health.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(status, server)
        return server, status

    def _places(self, caller: Caller) -> tuple[Place, ...]:
        return tuple(
            Place(one.project, str(one.role), one.banks, rights_of(self._registry, one.project, one.user))
            for one in self._memberships(caller)
            if not one.ended
        )

    def _audited(self, caller: Caller) -> tuple[Place, ...]:
        return tuple(Place(one.project, str(one.role), one.banks) for one in self._memberships(caller))

    def _memberships(self, caller: Caller) -> tuple[Membership, ...]:
        self._journal.catch_up()
        return self._registry.authenticate(caller.user, caller.thumbprint)

    def _rights(self, caller: Caller, project: str) -> Rights | None:
        mine = (place for place in self._places(caller) if place.role == "researcher")
        return next((place.rights for place in mine if place.project == project), None)

    def _quotas(self, project: str) -> Limits:
        settings = self._config.quotas_strict if self._policies.of(project).profile == "strict" else self._config.quotas
        return {**{quota: getattr(settings, quota.value) for quota in Quota}, **self._usage.limits(project)}

    def tend(self) -> None:
        """Do what is to be done now and then."""
        self.sessions.tend()
        self._usage.forget()

    def _aside(self, caller: Caller, opening: Opening) -> AbstractContextManager[Session]:
        return self.desk.aside(caller, opening)

    def _equip(self, caller: Caller, session: Session) -> None:
        self.desk.equip(caller, session)

    def _gate(self, session: Session) -> Gate:
        return Gate(self._policies.of(session.project), self._ledger_of(session))

    def _parts(self, session: Session) -> ConditionParts:
        return self._ledger_of(session).parts

    def _ledger_of(self, session: Session) -> Ledger:
        return self._twin_ledger if session.twin else self._ledger

    def _attach(self, banks: Banks) -> tuple[AttachedBank, ...]:
        return tuple(
            AttachedBank(
                bank_alias(bank),
                str(data_path(self._home.twins if bank.twin else self._home.banks, bank.name, bank.version)),
                twin_key(self._keys, bank.name) if bank.twin else self._keys.bank_key(bank.name),
            )
            for versions in banks.values()
            for bank in versions.values()
        )


def _identify(context: grpc.ServicerContext) -> Caller:
    caller = peer(context.auth_context())
    return Caller(caller.user, caller.thumbprint)


def _bind(server: grpc.Server, listen: str, credentials: grpc.ServerCredentials) -> str:
    from grille.server.operations.addresses import cannot_listen

    host, _, _ = listen.rpartition(":")
    try:
        port = server.add_secure_port(listen, credentials)
    except RuntimeError:
        raise cannot_listen(listen) from None
    if port == 0:
        raise cannot_listen(listen)
    return f"{host}:{port}"


def _wait(regularly: Callable[[], None]) -> None:
    """Wait for SIGTERM or SIGINT, doing something now and then."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    while not stop.wait(EXPIRY_SECONDS):
        try:
            regularly()
        except Exception as error:  # expiry must not end the server
            logging.getLogger(__name__).warning("expiry failed: %s", type(error).__name__)
