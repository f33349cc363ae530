"""Random bytes for every method of the contract: messages whose fields hold anything, mutated as only wires mutate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2
from support.random_scripts import Writer

from grille.v1 import analysis_pb2, audit_pb2, catalog_pb2, session_pb2

FILES = (analysis_pb2, audit_pb2, catalog_pb2, session_pb2, health_pb2)
_INTEGERS = (0, 1, -1, 2, 7, 100, 1001, 2**31 - 1, -(2**31))
_LONGS = (*_INTEGERS, 2**63 - 1, -(2**63), 253402300800, 2**53 + 1)
_TEXTS = (
    "",
    "wages",
    "ada",
    "no",
    "*" * 50,
    "x" * 300,
    "%_'\"\\;--",
    "../../etc/passwd",
    "\x00",
    "🦆",
    "e\u0301",
    "\u202e",
)
_KINDS = {FieldDescriptor.CPPTYPE_INT32: _INTEGERS, FieldDescriptor.CPPTYPE_INT64: _LONGS}


@dataclass(frozen=True)
class Method:
    """A method of the contract: its path, the request, whether answers are a stream."""

    path: str
    request: Descriptor
    streams: bool


def methods() -> tuple[Method, ...]:
    """Return every method that the server has, that of the health service which never ends left out."""
    found = [
        Method(f"/{service.full_name}/{one.name}", one.input_type, one.server_streaming)
        for file in FILES
        for service in file.DESCRIPTOR.services_by_name.values()
        for one in service.methods
        if one.name != "Watch"
    ]
    return tuple(found)


class Wire:
    """Makes requests with a source of chance; the same source and the same known texts give the same bytes."""

    def __init__(self, chance: Random, known: Sequence[str]) -> None:
        """Use texts that the server knows, such as ids of sessions, beside those that it does not."""
        self._chance = chance
        self._texts = (*_TEXTS, *known, *known)

    def request(self, method: Method) -> bytes:
        """Return the bytes of a request, sometimes as they should be, mostly not."""
        data = self._message(method.request).SerializeToString()
        for _ in range(self._chance.choice((0, 0, 1, 1, 3))):
            data = self._mutated(data)
        return data

    def _message(self, descriptor: Descriptor, depth: int = 0) -> Message:
        made = GetMessageClass(descriptor)()
        for field in descriptor.fields:
            if self._chance.random() < 0.7:
                self._fill(made, field, depth)
        return made

    def _fill(self, made: Message, field: FieldDescriptor, depth: int) -> None:
        if field.cpp_type == FieldDescriptor.CPPTYPE_MESSAGE:
            if depth < 3:
                inner = getattr(made, field.name)
                (inner.add() if field.is_repeated else inner).CopyFrom(self._message(field.message_type, depth + 1))
            return
        value = self._value(field)
        if field.is_repeated:
            getattr(made, field.name).append(value)
        else:
            setattr(made, field.name, value)

    def _value(self, field: FieldDescriptor) -> object:
        if field.type == FieldDescriptor.TYPE_BYTES:
            return Writer(self._chance).script().encode(errors="surrogatepass")
        if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
            return self._chance.choice(self._texts)
        if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
            return self._chance.random() < 0.5
        if field.cpp_type == FieldDescriptor.CPPTYPE_ENUM:
            return self._chance.choice((0, 1, 2, 3, 99, -5))
        return self._chance.choice(_KINDS.get(field.cpp_type, (0, 1)))

    def _mutated(self, data: bytes) -> bytes:
        place = self._chance.randrange(len(data) + 1)
        kind = self._chance.randrange(8)
        if kind == 0:
            return data[:place]
        if kind == 1:
            return data + self._field(self._chance.choice((1, 2, 3, 15, 16, 999, 2**29 - 1)))
        if kind == 2:
            return data[:place] + self._field(self._chance.randrange(1, 12)) + data[place:]
        if kind == 3:
            return data[:place] + self._chance.randbytes(self._chance.choice((1, 2, 9, 100))) + data[place:]
        if kind == 4:
            return data + data[:place]
        if kind == 5:  # groups in groups
            return data + bytes((0x0B,)) * self._chance.choice((1, 99, 101, 5_000))
        if kind == 6:  # text that is no text
            return (
                data + b"\x0a" + _varint(4) + self._chance.choice((b"\xff\xfe\x00a", b"\xed\xa0\x80x", b"\xc0\xafab"))
            )
        return (
            data[:place]
            + bytes(byte ^ (1 << self._chance.randrange(8)) for byte in data[place : place + 1])
            + data[place + 1 :]
        )

    def _field(self, number: int) -> bytes:
        wire = self._chance.randrange(8)
        body = {
            0: _varint(self._chance.choice((0, 1, 2**31, 2**64 - 1))),
            1: self._chance.randbytes(8),
            2: _varint(size := self._chance.choice((0, 3, 70, 2_000))) + self._chance.randbytes(size),
            5: self._chance.randbytes(4),
        }.get(wire, b"")
        if wire == 2 and self._chance.random() < 0.2:
            body = _varint(self._chance.choice((2**31 - 1, 2**32, 2**63))) + b"short"
        return _varint(number << 3 | wire) + body


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*parts, value))


def requests(seed: int, known: Sequence[str]) -> Iterator[tuple[Method, bytes]]:
    """Yield methods with requests without end."""
    chance = Random(seed)
    wire, offered = Wire(chance, known), methods()
    while True:
        method = chance.choice(offered)
        yield method, wire.request(method)
