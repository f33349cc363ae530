from grille.v1 import session_pb2 as _session_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListVariablesRequest(_message.Message):
    __slots__ = ("pattern", "project", "language")
    PATTERN_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    pattern: str
    project: str
    language: _session_pb2.Language
    def __init__(self, pattern: _Optional[str] = ..., project: _Optional[str] = ..., language: _Optional[_Union[_session_pb2.Language, str]] = ...) -> None: ...

class ListVariablesResponse(_message.Message):
    __slots__ = ("variables",)
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    variables: _containers.RepeatedCompositeFieldContainer[RegisterVariable]
    def __init__(self, variables: _Optional[_Iterable[_Union[RegisterVariable, _Mapping]]] = ...) -> None: ...

class RegisterVariable(_message.Message):
    __slots__ = ("bank", "version", "name", "title", "unit_type", "temporality", "data_type", "valid_from", "valid_until", "status_dates", "codes", "sensitivity_level", "description", "population", "subjects", "unit_of_measure", "value_unit_type")
    BANK_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    UNIT_TYPE_FIELD_NUMBER: _ClassVar[int]
    TEMPORALITY_FIELD_NUMBER: _ClassVar[int]
    DATA_TYPE_FIELD_NUMBER: _ClassVar[int]
    VALID_FROM_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_FIELD_NUMBER: _ClassVar[int]
    STATUS_DATES_FIELD_NUMBER: _ClassVar[int]
    CODES_FIELD_NUMBER: _ClassVar[int]
    SENSITIVITY_LEVEL_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    POPULATION_FIELD_NUMBER: _ClassVar[int]
    SUBJECTS_FIELD_NUMBER: _ClassVar[int]
    UNIT_OF_MEASURE_FIELD_NUMBER: _ClassVar[int]
    VALUE_UNIT_TYPE_FIELD_NUMBER: _ClassVar[int]
    bank: str
    version: int
    name: str
    title: str
    unit_type: str
    temporality: str
    data_type: str
    valid_from: str
    valid_until: str
    status_dates: _containers.RepeatedScalarFieldContainer[str]
    codes: _containers.RepeatedCompositeFieldContainer[Code]
    sensitivity_level: str
    description: str
    population: str
    subjects: _containers.RepeatedScalarFieldContainer[str]
    unit_of_measure: str
    value_unit_type: str
    def __init__(self, bank: _Optional[str] = ..., version: _Optional[int] = ..., name: _Optional[str] = ..., title: _Optional[str] = ..., unit_type: _Optional[str] = ..., temporality: _Optional[str] = ..., data_type: _Optional[str] = ..., valid_from: _Optional[str] = ..., valid_until: _Optional[str] = ..., status_dates: _Optional[_Iterable[str]] = ..., codes: _Optional[_Iterable[_Union[Code, _Mapping]]] = ..., sensitivity_level: _Optional[str] = ..., description: _Optional[str] = ..., population: _Optional[str] = ..., subjects: _Optional[_Iterable[str]] = ..., unit_of_measure: _Optional[str] = ..., value_unit_type: _Optional[str] = ...) -> None: ...

class Code(_message.Message):
    __slots__ = ("code", "label", "valid_from", "valid_until", "missing")
    CODE_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    VALID_FROM_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_FIELD_NUMBER: _ClassVar[int]
    MISSING_FIELD_NUMBER: _ClassVar[int]
    code: str
    label: str
    valid_from: str
    valid_until: str
    missing: bool
    def __init__(self, code: _Optional[str] = ..., label: _Optional[str] = ..., valid_from: _Optional[str] = ..., valid_until: _Optional[str] = ..., missing: bool = ...) -> None: ...

class ListCommandsRequest(_message.Message):
    __slots__ = ("name", "language")
    NAME_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    name: str
    language: _session_pb2.Language
    def __init__(self, name: _Optional[str] = ..., language: _Optional[_Union[_session_pb2.Language, str]] = ...) -> None: ...

class ListCommandsResponse(_message.Message):
    __slots__ = ("commands",)
    COMMANDS_FIELD_NUMBER: _ClassVar[int]
    commands: _containers.RepeatedCompositeFieldContainer[CommandHelp]
    def __init__(self, commands: _Optional[_Iterable[_Union[CommandHelp, _Mapping]]] = ...) -> None: ...

class CommandHelp(_message.Message):
    __slots__ = ("name", "summary", "syntax", "group", "options", "examples", "details")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    SYNTAX_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    EXAMPLES_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    name: str
    summary: str
    syntax: str
    group: str
    options: _containers.RepeatedCompositeFieldContainer[OptionHelp]
    examples: _containers.RepeatedScalarFieldContainer[str]
    details: str
    def __init__(self, name: _Optional[str] = ..., summary: _Optional[str] = ..., syntax: _Optional[str] = ..., group: _Optional[str] = ..., options: _Optional[_Iterable[_Union[OptionHelp, _Mapping]]] = ..., examples: _Optional[_Iterable[str]] = ..., details: _Optional[str] = ...) -> None: ...

class OptionHelp(_message.Message):
    __slots__ = ("syntax", "summary")
    SYNTAX_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    syntax: str
    summary: str
    def __init__(self, syntax: _Optional[str] = ..., summary: _Optional[str] = ...) -> None: ...
