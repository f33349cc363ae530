from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ColumnFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COLUMN_FORMAT_UNSPECIFIED: _ClassVar[ColumnFormat]
    COLUMN_FORMAT_TEXT: _ClassVar[ColumnFormat]
    COLUMN_FORMAT_COUNT: _ClassVar[ColumnFormat]
    COLUMN_FORMAT_NUMBER: _ClassVar[ColumnFormat]
    COLUMN_FORMAT_PERCENT: _ClassVar[ColumnFormat]
    COLUMN_FORMAT_P_VALUE: _ClassVar[ColumnFormat]

class CellFlag(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CELL_FLAG_UNSPECIFIED: _ClassVar[CellFlag]
    CELL_FLAG_SUPPRESSED: _ClassVar[CellFlag]
    CELL_FLAG_NOT_AVAILABLE: _ClassVar[CellFlag]
    CELL_FLAG_BELOW_THRESHOLD: _ClassVar[CellFlag]
    CELL_FLAG_BOUNDARY: _ClassVar[CellFlag]
COLUMN_FORMAT_UNSPECIFIED: ColumnFormat
COLUMN_FORMAT_TEXT: ColumnFormat
COLUMN_FORMAT_COUNT: ColumnFormat
COLUMN_FORMAT_NUMBER: ColumnFormat
COLUMN_FORMAT_PERCENT: ColumnFormat
COLUMN_FORMAT_P_VALUE: ColumnFormat
CELL_FLAG_UNSPECIFIED: CellFlag
CELL_FLAG_SUPPRESSED: CellFlag
CELL_FLAG_NOT_AVAILABLE: CellFlag
CELL_FLAG_BELOW_THRESHOLD: CellFlag
CELL_FLAG_BOUNDARY: CellFlag

class Block(_message.Message):
    __slots__ = ("key", "title", "table", "plot", "text", "notice")
    KEY_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    TABLE_FIELD_NUMBER: _ClassVar[int]
    PLOT_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    NOTICE_FIELD_NUMBER: _ClassVar[int]
    key: str
    title: str
    table: Table
    plot: Plot
    text: Text
    notice: Notice
    def __init__(self, key: _Optional[str] = ..., title: _Optional[str] = ..., table: _Optional[_Union[Table, _Mapping]] = ..., plot: _Optional[_Union[Plot, _Mapping]] = ..., text: _Optional[_Union[Text, _Mapping]] = ..., notice: _Optional[_Union[Notice, _Mapping]] = ...) -> None: ...

class Table(_message.Message):
    __slots__ = ("columns", "rows")
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    columns: _containers.RepeatedCompositeFieldContainer[Column]
    rows: _containers.RepeatedCompositeFieldContainer[Row]
    def __init__(self, columns: _Optional[_Iterable[_Union[Column, _Mapping]]] = ..., rows: _Optional[_Iterable[_Union[Row, _Mapping]]] = ...) -> None: ...

class Column(_message.Message):
    __slots__ = ("key", "label", "format")
    KEY_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    key: str
    label: str
    format: ColumnFormat
    def __init__(self, key: _Optional[str] = ..., label: _Optional[str] = ..., format: _Optional[_Union[ColumnFormat, str]] = ...) -> None: ...

class Row(_message.Message):
    __slots__ = ("cells",)
    CELLS_FIELD_NUMBER: _ClassVar[int]
    cells: _containers.RepeatedCompositeFieldContainer[Cell]
    def __init__(self, cells: _Optional[_Iterable[_Union[Cell, _Mapping]]] = ...) -> None: ...

class Cell(_message.Message):
    __slots__ = ("number", "integer", "text", "flag", "label")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    INTEGER_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    FLAG_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    number: float
    integer: int
    text: str
    flag: CellFlag
    label: str
    def __init__(self, number: _Optional[float] = ..., integer: _Optional[int] = ..., text: _Optional[str] = ..., flag: _Optional[_Union[CellFlag, str]] = ..., label: _Optional[str] = ...) -> None: ...

class Plot(_message.Message):
    __slots__ = ("vega_lite_json",)
    VEGA_LITE_JSON_FIELD_NUMBER: _ClassVar[int]
    vega_lite_json: str
    def __init__(self, vega_lite_json: _Optional[str] = ...) -> None: ...

class Text(_message.Message):
    __slots__ = ("markdown",)
    MARKDOWN_FIELD_NUMBER: _ClassVar[int]
    markdown: str
    def __init__(self, markdown: _Optional[str] = ...) -> None: ...

class Notice(_message.Message):
    __slots__ = ("text",)
    TEXT_FIELD_NUMBER: _ClassVar[int]
    text: str
    def __init__(self, text: _Optional[str] = ...) -> None: ...

class AppliedRule(_message.Message):
    __slots__ = ("rule", "detail", "name")
    RULE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    rule: str
    detail: str
    name: str
    def __init__(self, rule: _Optional[str] = ..., detail: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...
