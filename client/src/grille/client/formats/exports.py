"""Tables and plots of a run as files in a folder, each named by line, command and key."""

from __future__ import annotations

import re
from pathlib import Path

from grille.client.errors import RefusedError, UsageError
from grille.client.render.twin import twin_mark
from grille.client.results import CommandResult, Run
from grille.client.words import Words, pick
from grille.v1.results_pb2 import Block

PNG_SCALE = 2.0
VEGA_LITE = "5.21"


def file_stem(result: CommandResult, block: Block, place: int = 1) -> str:
    """Return LINE-COMMAND-KEY, safe as a file name whatever the server sent; a second block of a key gets a number."""
    stem = "-".join((str(result.line), result.command or "script", block.key or "block"))
    safe = re.sub(r"[^0-9A-Za-z_-]+", "_", stem)[:120]
    return safe if place == 1 else f"{safe}-{place}"


def stems(run: Run, kind: str) -> list[tuple[str, CommandResult, Block]]:
    """Return the blocks of a kind with the file names that they get, in the order of the script."""
    seen: dict[str, int] = {}
    named = []
    for result in run.results:
        for block in result.blocks:
            if block.WhichOneof("kind") == kind:
                first = file_stem(result, block)
                seen[first] = seen.get(first, 0) + 1
                named.append((file_stem(result, block, seen[first]), result, block))
    return named


def write_tables(run: Run, folder: Path, words: Words) -> None:
    """Write every table of a run as CSV; the mark of a synthetic twin comes first, as a comment."""
    from grille.client.formats.csv import write_table

    for stem, _, block in stems(run, "table"):
        with (folder / f"{stem}.csv").open("w", encoding="utf-8", newline="") as file:
            if run.on_twin:
                file.write(f"# {twin_mark(run, words)}\n")
            write_table(block.table, file)


def write_plots(run: Run, folder: Path, words: Words) -> None:
    """Write every plot of a run as SVG and PNG.

    Raises:
        UsageError: PLOTS_NOT_INSTALLED when there is a plot to write and the extra `plots` is missing.
        RefusedError: PLOT_NOT_DRAWN when a specification is faulty; addresses in it are never followed.
    """
    plots = stems(run, "plot")
    if not plots:
        return
    require_plots(words)
    import vl_convert

    for stem, _, block in plots:
        specification = block.plot.vega_lite_json
        try:
            svg = vl_convert.vegalite_to_svg(specification, vl_version=VEGA_LITE, allowed_base_urls=[])
            png = vl_convert.vegalite_to_png(specification, vl_version=VEGA_LITE, scale=PNG_SCALE, allowed_base_urls=[])
        except ValueError as cause:
            message = pick(words, "The plot {0} cannot be drawn.", "Plottet {0} kan ikke tegnes.")
            raise RefusedError("PLOT_NOT_DRAWN", message.format(stem)) from cause
        (folder / f"{stem}.svg").write_text(svg, encoding="utf-8")
        (folder / f"{stem}.png").write_bytes(png)


def require_plots(words: Words) -> None:
    """Raise PLOTS_NOT_INSTALLED when the extra that draws pictures is missing."""
    from importlib.util import find_spec

    if find_spec("vl_convert") is None:
        raise UsageError(
            "PLOTS_NOT_INSTALLED",
            pick(words, "Pictures need the extra `plots`, which is not installed.",
                 "Bilder krever tillegget `plots`, som ikke er installert."),
            pick(words, "Install it with: pip install 'grille[plots]'",
                 "Installer det med: pip install 'grille[plots]'"),
        )  # fmt: skip
