"""AuditService: see the contract in audit.proto."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from grille.server.audit.overview.summary import document
from grille.server.audit.reading import Entry
from grille.server.execution.audit_desk import AuditDesk
from grille.server.execution.audit_filter import AuditFilter
from grille.server.transport.identity import Identify
from grille.server.transport.interceptor import language_of
from grille.v1 import audit_pb2, audit_pb2_grpc

PublicKeys = Callable[[], list[audit_pb2.PublicKey]]


class AuditServicer(audit_pb2_grpc.AuditServiceServicer):
    """Thin: messages in, desk, messages out."""

    def __init__(self, desk: AuditDesk, identify: Identify, keys: PublicKeys) -> None:
        """Serve `desk` to callers that `identify` names; `keys` are those of the log, the oldest first."""
        self._desk = desk
        self._identify = identify
        self._keys = keys

    def ListRecords(  # noqa: N802
        self, request: audit_pb2.ListRecordsRequest, context: grpc.ServicerContext
    ) -> audit_pb2.ListRecordsResponse:
        """List records."""
        asked = AuditFilter(
            project=request.project,
            user=request.user,
            session=request.session,
            event=request.event,
            command=request.command,
            outcome=request.outcome,
            reason=request.reason,
            since=_moment(request.since) if request.HasField("since") else "",
            until=_moment(request.until) if request.HasField("until") else "",
        )
        page = self._desk.page(self._identify(context), asked, request.page_size, request.page_token)
        return audit_pb2.ListRecordsResponse(
            records=[_record(entry) for entry in page.entries], next_page_token=page.token
        )

    def GetRecord(  # noqa: N802
        self, request: audit_pb2.GetRecordRequest, context: grpc.ServicerContext
    ) -> audit_pb2.GetRecordResponse:
        """Return a record with its proof."""
        proof = self._desk.proof(self._identify(context), request.sequence)
        return audit_pb2.GetRecordResponse(
            record=_record(proof.entry),
            checkpoint=proof.checkpoint,
            path=proof.path,
            public_key=self._keys()[-1].pem,
        )

    def GetOverview(  # noqa: N802
        self, request: audit_pb2.GetOverviewRequest, context: grpc.ServicerContext
    ) -> audit_pb2.GetOverviewResponse:
        """Return an overview."""
        overview = self._desk.overview(self._identify(context), request.project, request.user)
        told = json.dumps(document(overview, language_of(request.language)), ensure_ascii=False)
        return audit_pb2.GetOverviewResponse(overview_json=told.encode())

    def ExportLog(  # noqa: N802
        self, request: audit_pb2.ExportLogRequest, context: grpc.ServicerContext
    ) -> Iterator[audit_pb2.ExportLogResponse]:
        """Stream the log."""
        export = self._desk.export(self._identify(context))
        for part in export.parts:
            if isinstance(part, Entry):
                yield audit_pb2.ExportLogResponse(record=_record(part))
            else:
                hashes = b"".join(map(bytes.fromhex, part.hashes))
                yield audit_pb2.ExportLogResponse(withheld=audit_pb2.Withheld(first=part.first, hashes=hashes))
        for line in export.checkpoints:
            yield audit_pb2.ExportLogResponse(checkpoint=line)
        yield audit_pb2.ExportLogResponse(head=export.head)
        for key in self._keys():
            yield audit_pb2.ExportLogResponse(public_key=key)


def _record(entry: Entry) -> audit_pb2.Record:
    return audit_pb2.Record(sequence=entry.sequence, line=entry.line)


def _moment(stamp: Timestamp) -> str:
    """Return a time as the log writes it; one beyond the calendar is the calendar's end."""
    try:
        return stamp.ToDatetime(tzinfo=datetime.UTC).isoformat(timespec="microseconds")
    except (ValueError, OverflowError):
        limit = datetime.datetime.max if stamp.seconds > 0 else datetime.datetime.min
        return limit.replace(tzinfo=datetime.UTC).isoformat(timespec="microseconds")
