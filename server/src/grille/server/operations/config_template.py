"""The text of a new config.toml: every setting with its default, commented out and explained."""

from __future__ import annotations

import json
from dataclasses import fields

from grille.server.operations.config import SECTIONS

_HEADS = {
    "server": "The process and its network.",
    "limits": "What sessions may use.",
    "quotas": "What each member may use of a project; 0 is no limit. grille-server project quota sets a project's own.",
    "quotas_strict": "The same for projects under the profile strict.",
    "audit": "The audit log: grille-server audit verify checks it.",
    "metrics": "Figures for Prometheus, without users and data.",
    "oidc": "A second factor: a login at your OIDC provider beside the certificate. Off without an issuer.",
}

COMMENTS = {
    "name": "Name of the installation, as in its certificates.",
    "listen": "Address to serve on. Clients must reach it under a name in the server's certificate.",
    "log_level": "Least severe log entry that is written: debug, info, warning or error.",
    "request_threads": "Requests handled at the same time; a running script occupies one.",
    "max_request_bytes": "Largest message from a client, bytes.",
    "max_response_bytes": "Largest message to a client, bytes.",
    "max_streams": "Requests at the same time on one connection.",
    "connection_minutes": "A connection this old is renewed.",
    "key_command": "Program that prints a key when called with its file's name, as for a key vault; empty: the files.",
    "max_sessions": "Open sessions on the server.",
    "max_sessions_per_user": "Open sessions of one user.",
    "idle_minutes": "A session without commands for this long is closed and its data destroyed.",
    "sleep_minutes": "A session without commands for this long is kept on disk alone until its next command.",
    "detached_minutes": "A script whose client has been gone for this long is stopped, and its answers are forgotten.",
    "max_workers": "Worker processes; beyond so many, the longest idle session is put to disk for another.",
    "running_commands": "Commands that compute at the same time; others wait, and users take turns.",
    "running_commands_per_user": "Of those, commands of one user.",
    "commands": "Commands a day.",
    "releases": "Answers with figures a day.",
    "cpu_seconds": "Processor seconds a day.",
    "rows_thousand": "Thousand rows behind answers a day, counted as the policy shows counts.",
    "disk_mib": "Disk for the data sets of open sessions, MiB.",
    "command_timeout_seconds": "A command that runs longer is stopped.",
    "worker_memory_mib": "Most memory of one session's worker process, MiB; it begins with at most 768.",
    "worker_threads": "Threads of one session's engine.",
    "checkpoint_records": "A signed checkpoint is written after this many records,",
    "checkpoint_seconds": "and at the latest this many seconds after an unsigned record.",
    "segment_mib": "Size at which the log goes on in a new file, MiB.",
    "timestamp_url": "Address of a time-stamp authority (RFC 3161) that stamps signed checkpoints; empty for none,",
    "timestamp_minutes": "and the minutes between two stamps.",
    "port": "Port of the machine itself (127.0.0.1) on which Prometheus reads them; 0 for none.",
    "issuer": "Address of the provider, https, just as it stands in its tokens; empty for no second factor.",
    "client_id": "The client that the provider knows the program grille as: public, with the device flow.",
    "audience": "What the provider writes into access tokens for this server (aud).",
    "scope": "What the program asks for; offline_access gives it a token to renew the login with.",
    "algorithms": "Signatures that count.",
    "ca_file": "PEM file of the authorities that sign the provider's certificate; empty for those of each machine.",
    "roles": "Members with one of these roles in any project need the login.",
    "skew_seconds": "Seconds by which the provider's clock may differ.",
    "second_folder": "Folder on another disk for a second copy of the log: no answer without a record there too.",
}


def config_text(name: str) -> str:
    """Return the text of config.toml for an installation called `name`; only the name is set."""
    lines = [
        "# Settings of a grille server. A line that begins with # shows a default; remove the # to change it.",
        "# The server reads this file when it starts.",
    ]
    for section, kind in SECTIONS:
        lines += ["", f"# {_HEADS[section.name]}", f"[{section.name}]"]
        for setting in fields(kind):
            lines.append(f"# {COMMENTS[setting.name]}")
            if setting.name == "name":
                lines.append(f"name = {json.dumps(name, ensure_ascii=False)}")
            else:
                lines.append(f"# {setting.name} = {json.dumps(setting.default)}")
    return "\n".join(lines) + "\n"
