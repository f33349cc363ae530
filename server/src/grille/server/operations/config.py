"""The settings of a server: typed, validated, every one with a default."""

from __future__ import annotations

import tomllib
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

from grille.server.errors import TypeMismatchError, UnknownNameError
from grille.server.operations.addresses import parse_address
from grille.server.operations.oidc_settings import SETS, Oidc, complaint
from grille.server.text import Text

LogLevel = Literal["debug", "info", "warning", "error"]

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Server:
    """Section [server].

    Attributes:
        name: Name of the installation.
        listen: Address to serve on, host:port.
        log_level: Least severe log entry that is written.
        request_threads: Requests handled at the same time.
        max_request_bytes: Largest message from a client.
        max_response_bytes: Largest message to a client.
        max_streams: Requests at the same time on one connection.
        connection_minutes: A connection this old is renewed, so that its certificate is looked at again.
        key_command: Program that prints a secret key when called with the name of its file; empty: the files.
    """

    name: str = "grille"
    listen: str = "127.0.0.1:7443"
    log_level: LogLevel = "info"
    request_threads: int = 64
    max_request_bytes: int = 16 * _MIB
    max_response_bytes: int = 16 * _MIB
    max_streams: int = 32
    connection_minutes: int = 60
    key_command: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """Section [limits].

    Attributes:
        max_sessions: Open sessions on the server.
        max_sessions_per_user: Open sessions of one user.
        idle_minutes: A session without commands for this long is closed.
        sleep_minutes: A session without commands for this long is kept on disk alone until its next command.
        detached_minutes: A script whose client has been gone for this long is stopped, and its answers are forgotten.
        max_workers: Beyond so many, the session that was idle longest is put to disk when another needs a worker.
        running_commands: Commands that compute at the same time; others wait, and users take turns.
        running_commands_per_user: Of one user.
        command_timeout_seconds: A command that runs longer is stopped.
        worker_memory_mib: Memory of one session's worker process.
        worker_threads: Threads of one session's engine.
    """

    max_sessions: int = 200
    max_sessions_per_user: int = 10
    idle_minutes: int = 1440
    sleep_minutes: int = 15
    detached_minutes: int = 60
    max_workers: int = 32
    running_commands: int = 8
    running_commands_per_user: int = 3
    command_timeout_seconds: int = 900
    worker_memory_mib: int = 4096
    worker_threads: int = 2


@dataclass(frozen=True, slots=True)
class Quotas:
    """Sections [quotas] and [quotas_strict]: what each member may use of a project; 0 is no limit.

    Attributes:
        commands: Commands a day.
        releases: Answers with figures a day.
        cpu_seconds: Processor seconds a day.
        rows_thousand: Thousand rows behind answers a day.
        disk_mib: Disk for data sets of open sessions.
    """

    commands: int = 0
    releases: int = 0
    cpu_seconds: int = 0
    rows_thousand: int = 0
    disk_mib: int = 0


@dataclass(frozen=True, slots=True)
class StrictQuotas(Quotas):
    """Section [quotas_strict]: the quotas of projects under the profile strict."""

    commands: int = 20_000
    releases: int = 5_000


@dataclass(frozen=True, slots=True)
class Audit:
    """Section [audit].

    Attributes:
        checkpoint_records: A signed checkpoint is written after this many records.
        checkpoint_seconds: And at the latest this long after an unsigned record.
        segment_mib: Size at which the log goes on in a new file.
        timestamp_url: Address of a time-stamp authority (RFC 3161) that stamps checkpoints; empty for none.
        timestamp_minutes: Time between two stamps.
        second_folder: Folder on another disk for a second copy of the log; empty for none.
    """

    checkpoint_records: int = 100
    checkpoint_seconds: int = 60
    segment_mib: int = 64
    second_folder: str = ""
    timestamp_url: str = ""
    timestamp_minutes: int = 60


@dataclass(frozen=True, slots=True)
class MetricsSettings:
    """Section [metrics].

    Attributes:
        port: Port of the machine itself (127.0.0.1) for Prometheus; 0 for none.
    """

    port: int = 0


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """All settings.

    Attributes:
        server: The process and its network.
        limits: What sessions may use.
        quotas: What members may use of a project.
        quotas_strict: The same for projects under the profile strict.
        audit: The audit log.
        metrics: Figures for Prometheus.
        oidc: The second factor.
    """

    server: Server = field(default_factory=Server)
    limits: Limits = field(default_factory=Limits)
    quotas: Quotas = field(default_factory=Quotas)
    quotas_strict: StrictQuotas = field(default_factory=StrictQuotas)
    audit: Audit = field(default_factory=Audit)
    metrics: MetricsSettings = field(default_factory=MetricsSettings)
    oidc: Oidc = field(default_factory=Oidc)


# Smallest and largest value of every number.
BOUNDS = {
    "request_threads": (1, 4096),
    "max_request_bytes": (64 * 1024, 1024 * _MIB),
    "max_response_bytes": (64 * 1024, 1024 * _MIB),
    "max_streams": (1, 4096),
    "connection_minutes": (1, 60 * 24),
    "max_sessions": (1, 10_000),
    "max_sessions_per_user": (1, 10_000),
    "idle_minutes": (1, 60 * 24 * 30),
    "sleep_minutes": (1, 60 * 24 * 30),
    "detached_minutes": (1, 60 * 24 * 30),
    "max_workers": (1, 10_000),
    "running_commands": (1, 10_000),
    "running_commands_per_user": (1, 10_000),
    **dict.fromkeys(("commands", "releases", "cpu_seconds", "rows_thousand", "disk_mib"), (0, 10**12)),
    "command_timeout_seconds": (1, 24 * 3600),
    "worker_memory_mib": (256, 4 * _MIB),
    "worker_threads": (1, 1024),
    "checkpoint_records": (1, 100_000),
    "checkpoint_seconds": (1, 3600),
    "segment_mib": (1, 4096),
    "timestamp_minutes": (1, 60 * 24 * 7),
    "port": (0, 65535),
    "skew_seconds": (0, 300),
}


_KINDS = (Server, Limits, Quotas, StrictQuotas, Audit, MetricsSettings, Oidc)
SECTIONS: tuple[tuple[Field[Any], type], ...] = tuple(
    (entry, kind) for entry, kind in zip(fields(ServerConfig), _KINDS, strict=True)
)
"""The sections of the file, in its order."""


def load_config(path: Path) -> ServerConfig:
    """Read the settings in the TOML file `path`; what it does not name has its default.

    Raises:
        TypeMismatchError: CONFIG_INVALID when it is no TOML, or a value has the wrong type or size.
        UnknownNameError: CONFIG_UNKNOWN_KEY for a section or key that does not exist.
        UnknownNameError: CONFIG_NOT_FOUND when the file cannot be read.
    """
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise UnknownNameError(
            "CONFIG_NOT_FOUND", Text(f"{path} cannot be read: {why}.", f"{path} kan ikke leses: {why}.")
        ) from None
    except UnicodeDecodeError:
        raise _invalid(path.name, "is not UTF-8", "er ikke UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise _invalid(path.name, f"is not TOML: {error}", f"er ikke TOML: {error}") from None
    return parse_config(document)


def parse_config(document: dict[str, object]) -> ServerConfig:
    """Return the settings of a parsed TOML document.

    Raises:
        TypeMismatchError: CONFIG_INVALID.
        UnknownNameError: CONFIG_UNKNOWN_KEY.
    """
    sections: dict[str, type] = {entry.name: kind for entry, kind in SECTIONS}
    values: dict[str, dict[str, object]] = {name: {} for name in sections}
    for section, content in document.items():
        if section not in sections:
            raise _unknown(section, list(sections))
        if not isinstance(content, dict):
            raise _invalid(section, "is a section: write it as [" + section + "]", f"er en seksjon: skriv [{section}]")
        known = {entry.name: entry.default for entry in fields(sections[section])}
        for key, value in content.items():
            if key not in known:
                raise _unknown(f"{section}.{key}", list(known))
            values[section][key] = _checked(f"{section}.{key}", key, value, known[key])
    config = ServerConfig(**{name: sections[name](**found) for name, found in values.items()})
    if wrong := complaint(config.oidc):
        name, told = wrong
        raise _invalid(f"oidc.{name}", told.en, told.no)
    return config


def _checked(name: str, key: str, value: object, default: object) -> object:
    if isinstance(default, tuple):
        known = SETS[key]
        if not isinstance(value, list) or not value or any(one not in known for one in value):
            listed = ", ".join(known)
            raise _invalid(name, f"is a list of at least one of {listed}", f"er en liste av minst én av {listed}")
        return tuple(value)
    if isinstance(default, int):
        low, high = BOUNDS[key]
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise _invalid(name, f"is a whole number from {low} to {high}", f"er et heltall fra {low} til {high}")
        return value
    if not isinstance(value, str) or (default and not value.strip()):
        raise _invalid(name, "is a text in quotes", "er en tekst i anførselstegn")
    if key == "log_level" and value not in get_args(LogLevel):
        levels = ", ".join(get_args(LogLevel))
        raise _invalid(name, f"is one of {levels}", f"er en av {levels}")
    if key == "timestamp_url" and value and not value.startswith(("http://", "https://")):
        raise _invalid(name, "begins with http:// or https://", "begynner med http:// eller https://")
    if key == "listen":
        parse_address(value)
    return value


def _invalid(name: str, en: str, no: str) -> TypeMismatchError:
    return TypeMismatchError("CONFIG_INVALID", Text(f"Setting {name} {en}.", f"Innstillingen {name} {no}."))


def _unknown(name: str, known: list[str]) -> UnknownNameError:
    names = ", ".join(known)
    return UnknownNameError(
        "CONFIG_UNKNOWN_KEY",
        Text(f"There is no setting {name}.", f"Det finnes ingen innstilling {name}."),
        hint=Text(f"Known here: {names}.", f"Kjente her: {names}."),
    )
