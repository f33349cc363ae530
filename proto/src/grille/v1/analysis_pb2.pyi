from grille.v1 import errors_pb2 as _errors_pb2
from grille.v1 import receipts_pb2 as _receipts_pb2
from grille.v1 import results_pb2 as _results_pb2
from grille.v1 import session_pb2 as _session_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RuleEffect(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RULE_EFFECT_UNSPECIFIED: _ClassVar[RuleEffect]
    RULE_EFFECT_REFUSAL: _ClassVar[RuleEffect]
    RULE_EFFECT_CHANGE: _ClassVar[RuleEffect]
RULE_EFFECT_UNSPECIFIED: RuleEffect
RULE_EFFECT_REFUSAL: RuleEffect
RULE_EFFECT_CHANGE: RuleEffect

class RunScriptRequest(_message.Message):
    __slots__ = ("session_id", "script", "request_id", "answered_commands")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SCRIPT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ANSWERED_COMMANDS_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    script: bytes
    request_id: str
    answered_commands: int
    def __init__(self, session_id: _Optional[str] = ..., script: _Optional[bytes] = ..., request_id: _Optional[str] = ..., answered_commands: _Optional[int] = ...) -> None: ...

class CancelScriptRequest(_message.Message):
    __slots__ = ("session_id", "request_id")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    request_id: str
    def __init__(self, session_id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class CancelScriptResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RunScriptResponse(_message.Message):
    __slots__ = ("accepted", "progress", "block", "applied_rule", "finished", "failed", "warning")
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    BLOCK_FIELD_NUMBER: _ClassVar[int]
    APPLIED_RULE_FIELD_NUMBER: _ClassVar[int]
    FINISHED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    WARNING_FIELD_NUMBER: _ClassVar[int]
    accepted: CommandAccepted
    progress: Progress
    block: _results_pb2.Block
    applied_rule: _results_pb2.AppliedRule
    finished: CommandFinished
    failed: CommandFailed
    warning: CommandWarning
    def __init__(self, accepted: _Optional[_Union[CommandAccepted, _Mapping]] = ..., progress: _Optional[_Union[Progress, _Mapping]] = ..., block: _Optional[_Union[_results_pb2.Block, _Mapping]] = ..., applied_rule: _Optional[_Union[_results_pb2.AppliedRule, _Mapping]] = ..., finished: _Optional[_Union[CommandFinished, _Mapping]] = ..., failed: _Optional[_Union[CommandFailed, _Mapping]] = ..., warning: _Optional[_Union[CommandWarning, _Mapping]] = ...) -> None: ...

class CommandWarning(_message.Message):
    __slots__ = ("key", "text")
    KEY_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    key: str
    text: str
    def __init__(self, key: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class CommandAccepted(_message.Message):
    __slots__ = ("command", "source", "line", "index", "total")
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    LINE_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    command: str
    source: str
    line: int
    index: int
    total: int
    def __init__(self, command: _Optional[str] = ..., source: _Optional[str] = ..., line: _Optional[int] = ..., index: _Optional[int] = ..., total: _Optional[int] = ...) -> None: ...

class Progress(_message.Message):
    __slots__ = ("phase",)
    PHASE_FIELD_NUMBER: _ClassVar[int]
    phase: str
    def __init__(self, phase: _Optional[str] = ...) -> None: ...

class CommandFinished(_message.Message):
    __slots__ = ("elapsed_ms", "audit_record", "receipt")
    ELAPSED_MS_FIELD_NUMBER: _ClassVar[int]
    AUDIT_RECORD_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    elapsed_ms: int
    audit_record: int
    receipt: _receipts_pb2.Receipt
    def __init__(self, elapsed_ms: _Optional[int] = ..., audit_record: _Optional[int] = ..., receipt: _Optional[_Union[_receipts_pb2.Receipt, _Mapping]] = ...) -> None: ...

class CommandFailed(_message.Message):
    __slots__ = ("error", "elapsed_ms", "audit_record", "receipt")
    ERROR_FIELD_NUMBER: _ClassVar[int]
    ELAPSED_MS_FIELD_NUMBER: _ClassVar[int]
    AUDIT_RECORD_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    error: _errors_pb2.ErrorDetail
    elapsed_ms: int
    audit_record: int
    receipt: _receipts_pb2.Receipt
    def __init__(self, error: _Optional[_Union[_errors_pb2.ErrorDetail, _Mapping]] = ..., elapsed_ms: _Optional[int] = ..., audit_record: _Optional[int] = ..., receipt: _Optional[_Union[_receipts_pb2.Receipt, _Mapping]] = ...) -> None: ...

class CheckScriptRequest(_message.Message):
    __slots__ = ("project", "script", "language", "explain")
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    SCRIPT_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    EXPLAIN_FIELD_NUMBER: _ClassVar[int]
    project: str
    script: bytes
    language: _session_pb2.Language
    explain: bool
    def __init__(self, project: _Optional[str] = ..., script: _Optional[bytes] = ..., language: _Optional[_Union[_session_pb2.Language, str]] = ..., explain: bool = ...) -> None: ...

class CheckScriptResponse(_message.Message):
    __slots__ = ("problems", "commands", "explanations", "profile")
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    COMMANDS_FIELD_NUMBER: _ClassVar[int]
    EXPLANATIONS_FIELD_NUMBER: _ClassVar[int]
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    problems: _containers.RepeatedCompositeFieldContainer[_errors_pb2.ErrorDetail]
    commands: int
    explanations: _containers.RepeatedCompositeFieldContainer[CommandExplanation]
    profile: str
    def __init__(self, problems: _Optional[_Iterable[_Union[_errors_pb2.ErrorDetail, _Mapping]]] = ..., commands: _Optional[int] = ..., explanations: _Optional[_Iterable[_Union[CommandExplanation, _Mapping]]] = ..., profile: _Optional[str] = ...) -> None: ...

class CommandExplanation(_message.Message):
    __slots__ = ("command", "source", "line", "rules")
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    LINE_FIELD_NUMBER: _ClassVar[int]
    RULES_FIELD_NUMBER: _ClassVar[int]
    command: str
    source: str
    line: int
    rules: _containers.RepeatedCompositeFieldContainer[RuleToMeet]
    def __init__(self, command: _Optional[str] = ..., source: _Optional[str] = ..., line: _Optional[int] = ..., rules: _Optional[_Iterable[_Union[RuleToMeet, _Mapping]]] = ...) -> None: ...

class RuleToMeet(_message.Message):
    __slots__ = ("rule", "effect", "detail", "name", "hint", "numbers")
    RULE_FIELD_NUMBER: _ClassVar[int]
    EFFECT_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    HINT_FIELD_NUMBER: _ClassVar[int]
    NUMBERS_FIELD_NUMBER: _ClassVar[int]
    rule: str
    effect: RuleEffect
    detail: str
    name: str
    hint: str
    numbers: _containers.RepeatedCompositeFieldContainer[PolicyNumber]
    def __init__(self, rule: _Optional[str] = ..., effect: _Optional[_Union[RuleEffect, str]] = ..., detail: _Optional[str] = ..., name: _Optional[str] = ..., hint: _Optional[str] = ..., numbers: _Optional[_Iterable[_Union[PolicyNumber, _Mapping]]] = ...) -> None: ...

class PolicyNumber(_message.Message):
    __slots__ = ("key", "value")
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    key: str
    value: float
    def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
