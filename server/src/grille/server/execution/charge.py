"""Charge: what a command uses is counted against the caller's quotas, before an answer leaves."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from grille.server.commands.preparation import DATASETS, PREPARATION, SUPPORT
from grille.server.commands.whitelist import COMMANDS
from grille.server.execution.interface import Answer, CommandRun, Executor, Progress
from grille.server.execution.quotas import NO_LIMIT, Limits, Quota, Usage, reached, warning
from grille.server.execution.usage import UsageBook
from grille.server.sessions.session import Session
from grille.server.sessions.stop import Stop

DISK_STEP_MIB = 16
CPU_STEP_SECONDS = 10
_LOOK_SECONDS = 0.2
_NO_RELEASE = (DATASETS, PREPARATION, SUPPORT)


@dataclass(frozen=True, slots=True)
class Member:
    """Whose quotas: a user in a project."""

    user: str
    project: str


@dataclass(slots=True)
class _Meter:
    """Processor time of a running command."""

    session: Session
    stop: Stop
    pid: int | None
    before: float

    def seconds(self) -> float:
        """Seconds since it began; a worker that was started since counts from its own beginning."""
        now = self.session.processor_seconds()
        return max(0.0, now - self.before if self.session.worker_pid == self.pid else now)


class Charge:
    """The step that counts. An answer is charged before it is worked out, and given back when none came of it."""

    def __init__(
        self,
        inner: Executor[Answer],
        book: UsageBook,
        limits_of: Callable[[str], Limits],
        sessions_of: Callable[[str, str], tuple[Session, ...]],
    ) -> None:
        """Compose.

        Args:
            inner: Computes and discloses.
            book: Limits and charges.
            limits_of: Limits of a project as they stand now.
            sessions_of: Open sessions of a user in a project.
        """
        self._inner = inner
        self._book = book
        self._limits_of = limits_of
        self._sessions_of = sessions_of
        self._lock = threading.Lock()
        self._running: dict[Member, list[_Meter]] = {}

    def execute(self, run: CommandRun, progress: Progress) -> Answer:
        """Execute within the quotas.

        Raises:
            BudgetError: QUOTA_REACHED.
            InternalError: USAGE_UNAVAILABLE.
        """
        member = Member(run.session.user, run.session.project)
        limits = self._limits_of(member.project)
        key = f"{run.session.identifier}/{run.request}/{run.index}" if run.request else uuid.uuid4().hex
        self._check(member, limits)
        self._charge(run, member, limits, Quota.COMMANDS, 1, key)
        releases = COMMANDS[run.node.head.name].spec.group not in _NO_RELEASE
        if releases:
            self._charge(run, member, limits, Quota.RELEASES, 1, key)
        answer: Answer | None = None
        try:
            with self._metered(run, member, limits, key):
                answer = self._inner.execute(run, progress)
        finally:
            if releases and (answer is None or not answer.set_digests):
                self._book.refund(member.user, member.project, Quota.RELEASES, key)
        self._charge(run, member, limits, Quota.ROWS_THOUSAND, -(-answer.rows // 1000), key)
        if answer.frames != run.session.frames:
            self._check_disk(run, member, limits)
        return answer

    def usages(self, user: str, project: str) -> tuple[Usage, ...]:
        """Return the use of every quota as its user may see it: processor time and disk in coarse steps."""
        limits = self._limits_of(project)
        used = {quota: self._book.used(user, project, quota) for quota in Quota}
        used[Quota.CPU_SECONDS] = -(-used[Quota.CPU_SECONDS] // (1000 * CPU_STEP_SECONDS)) * CPU_STEP_SECONDS
        used[Quota.DISK_MIB] = self._disk(Member(user, project))
        return tuple(Usage(quota, used[quota], limits.get(quota, NO_LIMIT)) for quota in Quota)

    def _charge(self, run: CommandRun, member: Member, limits: Limits, quota: Quota, amount: int, key: str) -> None:
        limit = limits.get(quota, NO_LIMIT)
        before, after = self._book.charge(member.user, member.project, quota, amount, limit, key)
        told = warning(before, after, member.project)
        if told is not None:
            run.warn(told)

    def _check(self, member: Member, limits: Limits) -> None:
        """Refuse a command whose cost is known only afterwards when nothing is left for it."""
        for quota, unit in ((Quota.CPU_SECONDS, 1000), (Quota.ROWS_THOUSAND, 1)):
            limit = limits.get(quota, NO_LIMIT)
            if limit != NO_LIMIT and self._book.used(member.user, member.project, quota) >= limit * unit:
                raise reached(quota, limit, member.project)

    def _disk(self, member: Member) -> int:
        used = sum(session.disk_bytes for session in self._sessions_of(member.user, member.project))
        return -(-used // (DISK_STEP_MIB * 1024 * 1024)) * DISK_STEP_MIB

    def _check_disk(self, run: CommandRun, member: Member, limits: Limits) -> None:
        limit = limits.get(Quota.DISK_MIB, NO_LIMIT)
        if limit == NO_LIMIT:
            return
        used = self._disk(member)
        if used > limit:
            raise reached(Quota.DISK_MIB, limit, member.project)  # the new columns are dropped by the next command
        told = warning(
            Usage(Quota.DISK_MIB, max(0, used - DISK_STEP_MIB), limit),
            Usage(Quota.DISK_MIB, used, limit),
            member.project,
        )
        if told is not None:
            run.warn(told)

    @contextmanager
    def _metered(self, run: CommandRun, member: Member, limits: Limits, key: str) -> Iterator[None]:
        """Charge the processor time of the block, and stop the member's commands when there is none left."""
        limit = limits.get(Quota.CPU_SECONDS, NO_LIMIT)
        meter = _Meter(run.session, run.stop, run.session.worker_pid, run.session.processor_seconds())
        ended = threading.Event()
        with self._lock:
            self._running.setdefault(member, []).append(meter)
        if limit != NO_LIMIT:
            threading.Thread(target=self._watch, args=(member, limit, ended), name="quota", daemon=True).start()
        try:
            yield
        finally:
            ended.set()
            with self._lock:
                self._running[member].remove(meter)
                if not self._running[member]:
                    del self._running[member]
            spent = round(meter.seconds() * 1000)
            before, after = self._book.charge(
                member.user, member.project, Quota.CPU_SECONDS, spent, limit * 1000, key, overrun=True
            )
            scaled = [Usage(one.quota, one.used // 1000, limit) for one in (before, after)]
            told = warning(scaled[0], scaled[1], member.project)
            if told is not None:
                run.warn(told)

    def _watch(self, member: Member, limit: int, ended: threading.Event) -> None:
        while not ended.wait(_LOOK_SECONDS):
            used = self._book.used(member.user, member.project, Quota.CPU_SECONDS) / 1000
            with self._lock:
                running = list(self._running.get(member, ()))
            if used + sum(meter.seconds() for meter in running) >= limit:
                for meter in running:
                    meter.stop.set(reached(Quota.CPU_SECONDS, limit, member.project))
                return
