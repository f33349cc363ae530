"""AnalysisService: see the contract in analysis.proto."""

from __future__ import annotations

from collections.abc import Iterator

import grpc

from grille.server.errors import GrilleError, InternalError
from grille.server.execution.desk import Desk, Phase, Rejected, ScriptEvent, Started
from grille.server.execution.interface import Recorded
from grille.server.sessions.stop import Stop
from grille.server.text import Language, Text
from grille.server.transport.errors import detail_of
from grille.server.transport.identity import Identify
from grille.server.transport.interceptor import language_of
from grille.v1 import analysis_pb2, analysis_pb2_grpc, results_pb2

Event = analysis_pb2.RunScriptResponse


class AnalysisServicer(analysis_pb2_grpc.AnalysisServiceServicer):
    """Thin: messages in, desk, messages out."""

    def __init__(self, desk: Desk, identify: Identify) -> None:
        """Serve `desk` to callers that `identify` names."""
        self._desk = desk
        self._identify = identify

    def RunScript(  # noqa: N802
        self, request: analysis_pb2.RunScriptRequest, context: grpc.ServicerContext
    ) -> Iterator[Event]:
        """Run a script; a vanished client stops the running command."""
        caller = self._identify(context)
        session = self._desk.session(caller, request.session_id)
        stop = Stop()
        if not context.add_callback(stop.set):
            return
        for event in self._desk.run(caller, session, request.script, stop):
            yield from _events(event, session.language)

    def CheckScript(  # noqa: N802
        self, request: analysis_pb2.CheckScriptRequest, context: grpc.ServicerContext
    ) -> analysis_pb2.CheckScriptResponse:
        """Check a script."""
        language = language_of(request.language)
        commands, problems = self._desk.check(self._identify(context), request.project, request.script)
        details = [detail_of(problem, language) for problem in problems]
        return analysis_pb2.CheckScriptResponse(problems=details, commands=commands)


def _events(event: ScriptEvent, language: Language) -> Iterator[Event]:
    match event:
        case Started():
            head = event.node.head
            accepted = analysis_pb2.CommandAccepted(
                command=head.name, source=head.source, line=head.span.line, index=event.index, total=event.total
            )
            yield Event(accepted=accepted)
        case Phase():
            yield Event(progress=analysis_pb2.Progress(phase=event.name))
        case Rejected():
            yield Event(failed=_failed(event.error, 0, event.record, language))
        case Recorded():
            yield from _outcome(event, language)


def _outcome(outcome: Recorded, language: Language) -> Iterator[Event]:
    if outcome.answer is None:
        error = outcome.error
        if not isinstance(error, GrilleError):
            error = InternalError("SERVER_FAULT", Text("The server failed.", "Serveren feilet."))
        yield Event(failed=_failed(error, outcome.elapsed_ms, outcome.record, language))
        return
    for block in outcome.answer.blocks:
        yield Event(block=block)
    for rule in outcome.answer.rules:
        name, detail = rule.name.in_language(language), rule.detail.in_language(language)
        yield Event(applied_rule=results_pb2.AppliedRule(rule=rule.rule, detail=detail, name=name))
    yield Event(finished=analysis_pb2.CommandFinished(elapsed_ms=outcome.elapsed_ms, audit_record=outcome.record))


def _failed(error: GrilleError, elapsed: int, record: int, language: Language) -> analysis_pb2.CommandFailed:
    return analysis_pb2.CommandFailed(error=detail_of(error, language), elapsed_ms=elapsed, audit_record=record)
