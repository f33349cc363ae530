"""`grille check`: asks the server whether a script is well formed, without running it."""

from __future__ import annotations

from pathlib import Path

from grille.client.commands.run import read_script
from grille.client.connection import connected
from grille.client.environment import Environment
from grille.client.exits import Exit
from grille.client.render.problem import problem_lines
from grille.client.render.style import Style
from grille.client.words import Words, language_of, pick
from grille.v1.analysis_pb2 import CheckScriptRequest

CHECK_SECONDS = 120.0


def check(environment: Environment, path: str, project: str | None, words: Words) -> Exit:
    """Print every problem of a script; returns FAILED when there is one.

    Raises:
        ClientError: The script cannot be read or the server cannot be asked.
    """
    script = read_script(environment, path, words)
    request = CheckScriptRequest(project=project or "", script=script, language=language_of(words))
    with connected(environment, words) as connection:
        answer = connection.call(connection.analysis.CheckScript, request, CHECK_SECONDS)
    text = script.decode("utf-8", "replace")
    name = pick(words, "standard input", "standard inn") if path == "-" else Path(path).name
    style = Style(environment.colours)
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
