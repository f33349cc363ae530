"""`grille check`: asks the server whether a script is well formed, and which rules it will meet, without running it."""

from __future__ import annotations

import json
from pathlib import Path

from grille.client.commands.run import read_script
from grille.client.connection import connected
from grille.client.environment import Environment
from grille.client.exits import Exit
from grille.client.formats.registry import CheckFormat
from grille.client.render.explanation import explanation_json, explanation_lines
from grille.client.render.problem import problem_lines
from grille.client.render.style import Style
from grille.client.words import Words, language_of, pick
from grille.v1.analysis_pb2 import CheckScriptRequest, CheckScriptResponse

CHECK_SECONDS = 120.0


def check(
    environment: Environment,
    path: str,
    project: str | None,
    words: Words,
    *,
    explain: bool = False,
    format: CheckFormat = CheckFormat.TEXT,
) -> Exit:
    """Print every problem of a script, and with `explain` the rules; returns FAILED when there is a problem.

    Raises:
        ClientError: The script cannot be read or the server cannot be asked.
    """
    script = read_script(environment, path, words)
    request = CheckScriptRequest(project=project or "", script=script, language=language_of(words), explain=explain)
    with connected(environment, words) as connection:
        answer = connection.call(connection.analysis.CheckScript, request, CHECK_SECONDS)
    if format is CheckFormat.JSON:
        json.dump(_document(answer, explain), environment.stdout, ensure_ascii=False, indent=2)
        environment.stdout.write("\n")
        return Exit.FAILED if answer.problems else Exit.OK
    text = script.decode("utf-8", "replace")
    name = pick(words, "standard input", "standard inn") if path == "-" else Path(path).name
    style = Style(environment.colours)
    if explain:
        lines = explanation_lines(answer, environment.width, words, style)
        environment.stdout.write("".join(f"{line}\n" for line in lines))
    for problem in answer.problems:
        lines = problem_lines(problem, text, name, environment.width, words, style)
        environment.stdout.write("\n".join(lines) + "\n\n")
    if answer.problems:
        found = len(answer.problems)
        told = pick(words, f"{found} problem{'s' * (found != 1)}", f"{found} problem{'er' * (found != 1)}")
        environment.stdout.write(f"{told}\n")
        return Exit.FAILED
    told = pick(words, f"No problems in {answer.commands} commands", f"Ingen problemer i {answer.commands} kommandoer")
    environment.stdout.write(f"{told}\n")
    return Exit.OK


def _document(answer: CheckScriptResponse, explain: bool) -> dict[str, object]:
    """Return what was found as JSON values, whose keys are the same in every language."""
    problems = [
        {
            "line": problem.span.line if problem.HasField("span") else None,
            "column": problem.span.column if problem.HasField("span") else None,
            "reason": problem.reason,
            "message": problem.message,
            "hint": problem.hint or None,
        }
        for problem in answer.problems
    ]
    return {"commands": answer.commands, "problems": problems, **(explanation_json(answer) if explain else {})}
