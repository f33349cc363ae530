"""The tables of bench_peers: one line per model on the terminal, Markdown for docs/performance.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from support.pages import fill, markdown

__all__ = ["fill", "line", "tables"]

Line = Mapping[str, Any]
_PEERS = ("statsmodels", "statsmodels, equal", "lme4")


def line(one: Line) -> str:
    """Return a line for the terminal."""
    server = {name: round(value, 4) if isinstance(value, float) else value for name, value in one["server"].items()}
    peers = {
        name: "stopped" if told.get("stopped") else f"{told['seconds']:.2f} s, off by {told['variance_error']:.1e}"
        for name, told in one.get("peers", {}).items()
    }
    head = f"{one['rows']:>10,} {one['name']:>12} {one['covariates']:>3}"
    return f"{head} ours {server}, in memory {one['memory']:.4f}; {peers}; took {one['took']:.0f} s"


def tables(lines: Sequence[Line]) -> dict[str, str]:
    """Return each table by its mark in the page."""
    eight = [one for one in lines if one["covariates"] == 8]
    return {
        "peers": _times(eight),
        "peers-ratios": _ratios([one for one in eight if "peers" in one]),
        "peers-errors": _errors([one for one in eight if "peers" in one and one["kind"] != "ols"]),
        "growth": _growth([one for one in lines if "parts" in one]),
        "peers-run": _run(lines),
    }


def _times(lines: Sequence[Line]) -> str:
    head = ["rows", "groups", "first", "another outcome", "same variables", "in memory"]
    head += ["statsmodels", "statsmodels, equal accuracy", "lme4"]
    rows = []
    for one in lines:
        row = [f"{one['rows']:,}", one["name"], *_ours(one), _seconds(one["memory"])]
        rows.append(row + [_told(one.get("peers", {}).get(peer)) for peer in _PEERS])
    return markdown(head, rows)


def _ours(one: Line) -> list[str]:
    if "refused" in one["server"]:
        return [one["server"]["refused"], "", ""]
    return [_seconds(one["server"][what]) for what in ("first", "another", "same")]


def _seconds(value: float) -> str:
    return f"{value:.3f} s" if value < 1 else f"{value:.2f} s" if value < 10 else f"{value:.0f} s"


def _told(told: Mapping[str, Any] | None) -> str:
    if told is None:
        return ""
    if told.get("untried"):
        return "not tried"
    return f"stopped after {told['after']:.0f} s" if told.get("stopped") else _seconds(told["seconds"])


def _ratios(lines: Sequence[Line]) -> str:
    rows = []
    for one in lines:
        for peer in _PEERS:
            told = one.get("peers", {}).get(peer)
            if told is None or told.get("untried"):
                continue
            seconds, more = (told["after"], "> ") if told.get("stopped") else (told["seconds"], "")
            own = [one["server"].get(what) for what in ("first", "another", "same")] + [one["memory"]]
            ratios = ["" if value is None else f"{more}{_ratio(seconds / value)}" for value in own]
            rows.append([f"{one['rows']:,}", one["name"], peer, *ratios])
    return markdown(
        ["rows", "groups", "times as fast as", "first", "another outcome", "same variables", "in memory"], rows
    )


def _ratio(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def _errors(lines: Sequence[Line]) -> str:
    rows = []
    for one in lines:
        for peer in _PEERS:
            told = one["peers"].get(peer)
            if told is None or told.get("stopped"):
                continue
            name = peer + (f" (gtol={told['gtol']:g})" if "gtol" in told else "")
            variance, short, coefficient = (
                told[key] for key in ("variance_error", "likelihood_short", "coefficient_error")
            )
            rows.append(
                [f"{one['rows']:,}", one["name"], name, f"{variance:.1e}", f"{short:.1e}", f"{coefficient:.1e}"]
            )
    return markdown(
        ["rows", "groups", "", "variance, relative", "log-likelihood", "coefficient, standard errors"], rows
    )


def _growth(lines: Sequence[Line]) -> str:
    rows = []
    for one in lines:
        parts = one["parts"]
        total = sum(parts.values())
        shares = [f"{100 * parts[name] / total:.0f} %" for name in ("reading", "products", "optimiser", "gate")]
        first, another, _ = _ours(one)
        rows.append([f"{one['rows']:,}", str(one["covariates"]), one["name"], first, another, _seconds(total), *shares])
    head = ["rows", "covariates", "groups", "first", "another outcome", "its parts", "reading", "cross-products"]
    return markdown([*head, "optimiser", "gate and the rest"], rows)


def _run(lines: Sequence[Line]) -> str:
    commits = ", ".join(sorted({one["commit"] for one in lines}))
    minutes = sum(one["took"] for one in lines) / 60
    loads = [one["load"] for one in lines]
    return (
        f"Commit {commits}; {minutes:.0f} minutes, without the making of data; other work on the machine: load average "
        f"{min(loads):.1f} to {max(loads):.1f}, this run's own included.\n"
    )
