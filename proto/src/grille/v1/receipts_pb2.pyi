from grille.v1 import session_pb2 as _session_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Receipt(_message.Message):
    __slots__ = ("record", "record_hash", "index", "time", "project", "session", "banks", "content", "released", "key", "total", "signature")
    RECORD_FIELD_NUMBER: _ClassVar[int]
    RECORD_HASH_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    BANKS_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    RELEASED_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    record: int
    record_hash: str
    index: int
    time: str
    project: str
    session: str
    banks: _containers.RepeatedCompositeFieldContainer[_session_pb2.LinkedBank]
    content: str
    released: str
    key: str
    total: int
    signature: str
    def __init__(self, record: _Optional[int] = ..., record_hash: _Optional[str] = ..., index: _Optional[int] = ..., time: _Optional[str] = ..., project: _Optional[str] = ..., session: _Optional[str] = ..., banks: _Optional[_Iterable[_Union[_session_pb2.LinkedBank, _Mapping]]] = ..., content: _Optional[str] = ..., released: _Optional[str] = ..., key: _Optional[str] = ..., total: _Optional[int] = ..., signature: _Optional[str] = ...) -> None: ...
