import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from grille.v1 import session_pb2 as _session_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListRecordsRequest(_message.Message):
    __slots__ = ("project", "user", "session", "event", "command", "outcome", "reason", "since", "until", "page_size", "page_token")
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    project: str
    user: str
    session: str
    event: str
    command: str
    outcome: str
    reason: str
    since: _timestamp_pb2.Timestamp
    until: _timestamp_pb2.Timestamp
    page_size: int
    page_token: str
    def __init__(self, project: _Optional[str] = ..., user: _Optional[str] = ..., session: _Optional[str] = ..., event: _Optional[str] = ..., command: _Optional[str] = ..., outcome: _Optional[str] = ..., reason: _Optional[str] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListRecordsResponse(_message.Message):
    __slots__ = ("records", "next_page_token")
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    records: _containers.RepeatedCompositeFieldContainer[Record]
    next_page_token: str
    def __init__(self, records: _Optional[_Iterable[_Union[Record, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class Record(_message.Message):
    __slots__ = ("sequence", "line")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    LINE_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    line: bytes
    def __init__(self, sequence: _Optional[int] = ..., line: _Optional[bytes] = ...) -> None: ...

class GetRecordRequest(_message.Message):
    __slots__ = ("sequence",)
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    def __init__(self, sequence: _Optional[int] = ...) -> None: ...

class GetRecordResponse(_message.Message):
    __slots__ = ("record", "checkpoint", "path", "public_key")
    RECORD_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    record: Record
    checkpoint: bytes
    path: _containers.RepeatedScalarFieldContainer[str]
    public_key: str
    def __init__(self, record: _Optional[_Union[Record, _Mapping]] = ..., checkpoint: _Optional[bytes] = ..., path: _Optional[_Iterable[str]] = ..., public_key: _Optional[str] = ...) -> None: ...

class ExportLogRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ExportLogResponse(_message.Message):
    __slots__ = ("record", "withheld", "checkpoint", "head", "public_key")
    RECORD_FIELD_NUMBER: _ClassVar[int]
    WITHHELD_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    HEAD_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    record: Record
    withheld: Withheld
    checkpoint: bytes
    head: bytes
    public_key: PublicKey
    def __init__(self, record: _Optional[_Union[Record, _Mapping]] = ..., withheld: _Optional[_Union[Withheld, _Mapping]] = ..., checkpoint: _Optional[bytes] = ..., head: _Optional[bytes] = ..., public_key: _Optional[_Union[PublicKey, _Mapping]] = ...) -> None: ...

class Withheld(_message.Message):
    __slots__ = ("first", "hashes")
    FIRST_FIELD_NUMBER: _ClassVar[int]
    HASHES_FIELD_NUMBER: _ClassVar[int]
    first: int
    hashes: bytes
    def __init__(self, first: _Optional[int] = ..., hashes: _Optional[bytes] = ...) -> None: ...

class PublicKey(_message.Message):
    __slots__ = ("id", "pem", "succession")
    ID_FIELD_NUMBER: _ClassVar[int]
    PEM_FIELD_NUMBER: _ClassVar[int]
    SUCCESSION_FIELD_NUMBER: _ClassVar[int]
    id: str
    pem: str
    succession: bytes
    def __init__(self, id: _Optional[str] = ..., pem: _Optional[str] = ..., succession: _Optional[bytes] = ...) -> None: ...

class GetOverviewRequest(_message.Message):
    __slots__ = ("project", "user", "language")
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    project: str
    user: str
    language: _session_pb2.Language
    def __init__(self, project: _Optional[str] = ..., user: _Optional[str] = ..., language: _Optional[_Union[_session_pb2.Language, str]] = ...) -> None: ...

class GetOverviewResponse(_message.Message):
    __slots__ = ("overview_json",)
    OVERVIEW_JSON_FIELD_NUMBER: _ClassVar[int]
    overview_json: bytes
    def __init__(self, overview_json: _Optional[bytes] = ...) -> None: ...
