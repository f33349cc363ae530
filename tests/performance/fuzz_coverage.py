"""Scripts that atheris looks for by what of the parser and binder they reach. Run by `make fuzz`, not by itself.

Takes the arguments of libFuzzer, such as -runs=1000 and a folder of scripts to begin with.
"""

from __future__ import annotations

import sys
from random import Random

import atheris

with atheris.instrument_imports(include=["grille.server.language", "grille.server.commands", "grille.server.plan"]):
    from support.random_scripts import Writer, mutated
    from support.script_judge import judge, scope

CODEC = ("utf-8", "surrogatepass")


def mutate(data: bytes, largest: int, seed: int) -> bytes:
    """Return other bytes: a new script now and then, else a change of tokens, of characters or of bytes."""
    chance = Random(seed)
    kind = chance.random()
    if kind < 0.1:
        return Writer(chance).script().encode(*CODEC)[:largest]
    if kind < 0.3:
        return bytes(atheris.Mutate(data, largest))
    return mutated(data.decode(errors="replace"), chance).encode(*CODEC)[:largest]


def main() -> None:
    """Fuzz until libFuzzer has had enough; a crash is printed and kept by it."""
    scope()
    atheris.Setup(sys.argv, judge, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
