from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ErrorCategory(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ERROR_CATEGORY_UNSPECIFIED: _ClassVar[ErrorCategory]
    ERROR_CATEGORY_SYNTAX: _ClassVar[ErrorCategory]
    ERROR_CATEGORY_UNKNOWN_NAME: _ClassVar[ErrorCategory]
    ERROR_CATEGORY_TYPE: _ClassVar[ErrorCategory]
    ERROR_CATEGORY_PERMISSION: _ClassVar[ErrorCategory]
    ERROR_CATEGORY_DISCLOSURE: _ClassVar[ErrorCategory]
    ERROR_CATEGORY_BUDGET: _ClassVar[ErrorCategory]
    ERROR_CATEGORY_NUMERIC: _ClassVar[ErrorCategory]
    ERROR_CATEGORY_INTERNAL: _ClassVar[ErrorCategory]
ERROR_CATEGORY_UNSPECIFIED: ErrorCategory
ERROR_CATEGORY_SYNTAX: ErrorCategory
ERROR_CATEGORY_UNKNOWN_NAME: ErrorCategory
ERROR_CATEGORY_TYPE: ErrorCategory
ERROR_CATEGORY_PERMISSION: ErrorCategory
ERROR_CATEGORY_DISCLOSURE: ErrorCategory
ERROR_CATEGORY_BUDGET: ErrorCategory
ERROR_CATEGORY_NUMERIC: ErrorCategory
ERROR_CATEGORY_INTERNAL: ErrorCategory

class Span(_message.Message):
    __slots__ = ("line", "column", "length")
    LINE_FIELD_NUMBER: _ClassVar[int]
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    LENGTH_FIELD_NUMBER: _ClassVar[int]
    line: int
    column: int
    length: int
    def __init__(self, line: _Optional[int] = ..., column: _Optional[int] = ..., length: _Optional[int] = ...) -> None: ...

class ErrorDetail(_message.Message):
    __slots__ = ("reason", "category", "message", "hint", "span")
    REASON_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    HINT_FIELD_NUMBER: _ClassVar[int]
    SPAN_FIELD_NUMBER: _ClassVar[int]
    reason: str
    category: ErrorCategory
    message: str
    hint: str
    span: Span
    def __init__(self, reason: _Optional[str] = ..., category: _Optional[_Union[ErrorCategory, str]] = ..., message: _Optional[str] = ..., hint: _Optional[str] = ..., span: _Optional[_Union[Span, _Mapping]] = ...) -> None: ...
