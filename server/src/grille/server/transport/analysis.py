"""AnalysisService: see the contract in analysis.proto."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import grpc

from grille.server.errors import GrilleError, InternalError, TypeMismatchError
from grille.server.execution.desk import Desk
from grille.server.execution.interface import Recorded, Warned
from grille.server.execution.scripts import Encode, Phase, Rejected, Request, ScriptEvent, Started
from grille.server.sessions.stop import Stop
from grille.server.text import Language, Text
from grille.server.transport.errors import detail_of
from grille.server.transport.explanations import explanations
from grille.server.transport.identity import Identify
from grille.server.transport.interceptor import language_of
from grille.v1 import analysis_pb2, analysis_pb2_grpc, results_pb2
from grille.v1.receipts_pb2 import Receipt

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
        """Run a script; one without a request id stops when its call ends."""
        caller = self._identify(context)
        session = self._desk.session(caller, request.session_id)

        follower = self._desk.run(
            Request(
                caller,
                session,
                request.script,
                _identifier(request.request_id),
                max(0, request.answered_commands),
                encoder(session.language),
                Stop(),
            )
        )
        if not context.add_callback(follower.leave):
            follower.leave()
        yield from follower

    def CancelScript(  # noqa: N802
        self, request: analysis_pb2.CancelScriptRequest, context: grpc.ServicerContext
    ) -> analysis_pb2.CancelScriptResponse:
        """Stop a script."""
        self._desk.cancel(self._identify(context), request.session_id, request.request_id)
        return analysis_pb2.CancelScriptResponse()

    def CheckScript(  # noqa: N802
        self, request: analysis_pb2.CheckScriptRequest, context: grpc.ServicerContext
    ) -> analysis_pb2.CheckScriptResponse:
        """Check a script."""
        language = language_of(request.language)
        found, policy = self._desk.check(self._identify(context), request.project, request.script)
        return analysis_pb2.CheckScriptResponse(
            problems=[detail_of(problem, language) for problem in found.problems],
            commands=found.commands,
            explanations=explanations(found, policy, language) if request.explain else (),
            profile=policy.profile if request.explain else "",
        )


def encoder(language: Language) -> Encode[Event]:
    """Return what makes the messages of an event, each with its bytes."""
    return lambda event: [(message, message.ByteSize()) for message in _events(event, language)]


def _identifier(text: str) -> str:
    """Return the id of a request as a UUID is written; empty when there is none."""
    if not text:
        return ""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise TypeMismatchError(
            "BAD_REQUEST_ID",
            Text("The id of a request is a UUID.", "En forespørsels id er en UUID."),
        ) from None


def _events(event: ScriptEvent, language: Language) -> Iterator[Event]:
    match event:
        case Started():
            accepted = analysis_pb2.CommandAccepted(
                command=event.name, source=event.source, line=event.line, index=event.index, total=event.total
            )
            yield Event(accepted=accepted)
        case Phase():
            yield Event(progress=analysis_pb2.Progress(phase=event.name))
        case Warned():
            yield Event(warning=analysis_pb2.CommandWarning(key=event.key, text=event.text.in_language(language)))
        case Rejected():
            yield Event(failed=_failed(event.error, 0, event.record, language))
        case Recorded():
            yield from _outcome(event, language)


def _outcome(outcome: Recorded, language: Language) -> Iterator[Event]:
    if outcome.answer is None:
        error = outcome.error
        if not isinstance(error, GrilleError):
            error = InternalError("SERVER_FAULT", Text("The server failed.", "Serveren feilet."))
        yield Event(failed=_failed(error, outcome.elapsed_ms, outcome.record, language, outcome.receipt))
        return
    for block in outcome.answer.blocks:
        yield Event(block=block)
    for rule in outcome.answer.rules:
        name, detail = rule.name.in_language(language), rule.detail.in_language(language)
        yield Event(applied_rule=results_pb2.AppliedRule(rule=rule.rule, detail=detail, name=name))
    finished = analysis_pb2.CommandFinished(
        elapsed_ms=outcome.elapsed_ms, audit_record=outcome.record, receipt=outcome.receipt
    )
    yield Event(finished=finished)


def _failed(
    error: GrilleError, elapsed: int, record: int, language: Language, receipt: Receipt | None = None
) -> analysis_pb2.CommandFailed:
    detail = detail_of(error, language)
    return analysis_pb2.CommandFailed(error=detail, elapsed_ms=elapsed, audit_record=record, receipt=receipt)
