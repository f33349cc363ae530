"""What must hold of any script, whoever wrote it: parsed and bound it gives plans or clean errors, nothing else."""

from __future__ import annotations

import pickle
from functools import cache

from support.random_scripts import HEAD

from grille.server.catalog.model import BankMetadata
from grille.server.catalog.synthetic.calendar import Years
from grille.server.catalog.synthetic.registry import VARIABLES
from grille.server.commands.scope import Scope
from grille.server.disclosure.policy import Policy
from grille.server.execution.explain import check_script


@cache
def scope() -> Scope:
    """The scope of a session with a data set of the synthetic register's variables."""
    variables = (definition.describe(Years()) for definition in VARIABLES)
    bank = BankMetadata("no.ssb.fdb", 30, {one.name: one for one in variables})
    found = check_script(HEAD.encode(), Scope(banks={bank.name: {bank.version: bank}}), lambda _: None)
    assert not found.problems, found.problems
    return found.bound[-1][1].scope


def judge(script: bytes) -> int:
    """Parse, bind and explain a script as `grille check --explain` does; return the number of commands that are sound.

    Raises:
        AssertionError: An error has no words or no place in the text.
        Exception: Whatever else a part of the server lets escape.
    """
    found = check_script(script, scope(), lambda _: None)
    text = script.decode("utf-8", errors="replace")
    lines = text.count("\n") + text.count("\r") + 1
    for problem in found.problems:
        assert problem.reason.replace("_", "").isalnum(), problem.reason
        assert problem.message.en
        assert problem.message.no
        if problem.span is not None:
            assert 0 <= problem.span.start <= problem.span.end <= len(text), problem
            assert 1 <= problem.span.line <= lines, problem
    for explained in found.explained(Policy.standard()):
        assert explained.node.head.name
    for _, bound in found.bound:
        pickle.dumps(bound.plan)  # as on its way to the worker
    return len(found.bound)
