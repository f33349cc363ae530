"""Random scripts: commands by the grammar of the language, with names that exist, and mutations of any script."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

from grille.server.commands.whitelist import COMMANDS
from grille.server.language.vocabulary import INNER, NOT_OFFERED, SHAPES
from grille.server.plan.functions import FUNCTIONS

HEAD = (
    "require no.ssb.fdb:30 as db\n"
    "create-dataset p\n"
    "import db/BEFOLKNING_KJOENN as sex\n"
    "import db/INNTEKT_LONN 2022-12-31 as wage\n"
    "import db/BEFOLKNING_FOEDSELS_AAR_MND as birth\n"
    "import db/NUDB_BU 2022-09-01 as edu\n"
    "import db/BEFOLKNING_BARN_I_REGSTAT_FAMNR 2022-01-01 as children\n"
    "import db/BOSATTEFDT_BOSTED 2022-12-31 as place\n"
    "generate man = sex == '1'\n"
    "generate age = 2022 - int(birth / 100)\n"
    "define-labels sexes '1' Mann '2' Kvinne\n"
    "define-labels yesno 0 No 1 Yes\n"
)
"""What a scope holds before a random script."""

_NAMES = ("sex", "wage", "birth", "edu", "children", "place", "man", "age", "wage", "age", "x", "lønn", "e\u0301", "p")
_LABELS = ("sexes", "yesno", "none")
_REGISTER = ("BEFOLKNING_KJOENN", "INNTEKT_LONN", "NUDB_SOSBAK", "NUDB_BU", "SIVSTANDFDT_SIVSTAND", "NOPE")
_NUMBERS = ("0", "1", "2", "-1", "0.5", ".5", "5.", "1e308", "1e999", "5e-324", "2022", "9007199254740993", "95", "007")
_STRINGS = ("'1'", '"a"', "''", "'Æ'", "'o\"k'", '"it\'s"', "'\u202f'", "'%_\\'", "'🦆'", "'" + "z" * 300 + "'")
_DATES = ("2022-12-31", "2022-01-01", "2022-09-01", "1950-01-01", "2022-02-30", "0000-00-00", "99999-1-1")
_OPERATORS = ("+", "-", "*", "/", "^", "&", "|", "==", "!=", "<", "<=", ">", ">=")
_PIECES = (
    *(*COMMANDS, *sorted(NOT_OFFERED), *_NAMES, *_NUMBERS, *_STRINGS, *_DATES, *_OPERATORS, "if", "by", "as", ",", "("),
    *(")", ".", "#", "##", "i.sex", "c.wage", "i.", "!", "@", ":", "=", "\\\n", "//", "\n", "'", '"', "\t", "\u00a0"),
    *("missing", "nonmissing", "min", "max", "\ufeff", "\x00", "\u202e", "\u0301", "date@panel", "textblock\n"),
    *("endblock\n", "\r", "\r\n", "db/INNTEKT_LONN", "db/", "/", "\ud800", "\u2028", "٣", "ｗage", "ﬁ", "İ", "unit_id"),
)
_TOKENS = re.compile(r"""\s+|'[^'\n]*'|"[^"\n]*"|[\w.@]+|.""")


class Writer:
    """Writes commands with a source of chance; the same source gives the same script."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._shapes: dict[str, Callable[[str], str]] = {
            "require": lambda _: f" no.ssb.fdb:{self._one('30', '99', 'x')} as {self._name()}",
            "one_dataset": lambda _: f" {self._one('p', 'q', self._name())}",
            "two_datasets": lambda _: f" p {self._name()}",
            "import_variable": lambda name: self._import(name),
            "assignment": lambda _: f" {self._name()} = {self.expression()}{self._condition()}",
            "subset": lambda _: self._condition(1.0) if self._likely() else self._names(),
            "rename": lambda _: f" {self._name()} {self._name()}",
            "destring": lambda name: self._names() + self._options(name),
            "recode": lambda name: self._recode() + self._condition() + self._options(name),
            "define_labels": lambda _: f" {self._name()}" + "".join(self._pair() for _ in range(self._few())),
            "assign_labels": lambda _: f" {self._name()} {self._one(*_LABELS)}",
            "drop_labels": lambda _: f" {self._one(*_LABELS)}",
            "list_labels": lambda _: self._one(f" {self._one(*_LABELS)}", f" {self._register()} {self._one(*_DATES)}"),
            "variables": lambda _: self._one("", " db", f" {self._register()}", self._names()),
            "help": lambda _: self._one("", f" {self._one(*COMMANDS)}"),
            "history": lambda _: "",
            "analysis": lambda name: self._terms() + self._condition() + self._options(name),
            "grouped_analysis": lambda name: (
                self._terms() + " by" + self._names() + self._condition() + self._options(name)
            ),
            "nested": lambda name: f" {self.command(self._one(*INNER[name]))}",
        }

    def script(self) -> str:
        """Return one to three commands, sometimes mutated."""
        text = "\n".join(self.command() for _ in range(self._chance.choice((1, 1, 1, 2, 3)))) + "\n"
        for _ in range(self._chance.choice((0, 0, 1, 1, 2, 5))):
            text = mutated(text, self._chance)
        return text

    def command(self, name: str = "") -> str:
        """Return a command as the grammar has it; its names and types need not fit."""
        name = name or self._one(*SHAPES, "textblock")
        if name == "textblock":
            return f"textblock\n{self._one(*_PIECES)}\nendblock"
        return name + self._shapes[SHAPES[name]](name)

    def expression(self, depth: int = 0) -> str:
        """Return an expression; the deeper, the simpler."""
        kind = self._chance.random() * (1 + depth / 2)
        if kind < 0.25:
            return f"{self.expression(depth + 1)} {self._one(*_OPERATORS)} {self.expression(depth + 1)}"
        if kind < 0.35:
            return f"({self.expression(depth + 1)})"
        if kind < 0.6:
            arguments = ", ".join(self.expression(depth + 1) for _ in range(self._few()))
            return f"{self._one(*FUNCTIONS)}({arguments})"
        if kind < 0.65:
            return self._one("-", "!") + self.expression(depth + 1)
        return self._one(self._name(), self._name(), self._one(*_NUMBERS), self._one(*_STRINGS), ".")

    def _one(self, *choices: str) -> str:
        return self._chance.choice(choices)

    def _likely(self) -> bool:
        return self._chance.random() < 0.7

    def _few(self) -> int:
        return self._chance.choice((1, 1, 2, 2, 3, 4))

    def _name(self) -> str:
        return self._one(*_NAMES)

    def _names(self) -> str:
        return "".join(f" {self._name()}" for _ in range(self._few()))

    def _register(self) -> str:
        return f"db/{self._one(*_REGISTER)}"

    def _import(self, name: str) -> str:
        date = f" {self._one(*_DATES)}" if self._likely() else ""
        alias = f" as {self._name()}" if self._likely() else ""
        return f" {self._register()}{date}{alias}{self._options(name)}"

    def _term(self) -> str:
        factor = self._one("", "", "i.", "c.") + self._name()
        return factor + (self._one("#", "##") + self._term() if self._chance.random() < 0.15 else "")

    def _terms(self) -> str:
        return "".join(f" {self._term()}" for _ in range(self._few()))

    def _condition(self, probability: float = 0.3) -> str:
        return f" if {self.expression()}" if self._chance.random() < probability else ""

    def _pair(self) -> str:
        return f" {self._one(*_NUMBERS, *_STRINGS)} {self._one('Mann', 'No', *_STRINGS)}"

    def _recode(self) -> str:
        rules = []
        for _ in range(self._few()):
            values = self._one("1", "'1'", "min/2", "3/max", "missing", "nonmissing", "*", "1 2 3", "2/1", "-5/5")
            rules.append(f" ({values} = {self._one('1', '.', *_STRINGS)}{self._one('', ' One', ' missing')})")
        return self._names() + "".join(rules)

    def _options(self, name: str) -> str:
        specs = COMMANDS[name].spec.options
        if not specs or self._likely():
            return ""
        return "," + "".join(f" {self._option(self._chance.choice(specs).syntax)}" for _ in range(self._few()))

    def _option(self, syntax: str) -> str:
        name, bracket, argument = syntax.partition("(")
        if not bracket:
            return name
        own = argument.rstrip(")").partition("[")[0].partition("|")[0].strip(" ,.")
        return f"{name}({self._one(own, self._term(), self._one(*_NUMBERS), self._one(*_STRINGS), '')})"


def mutated(text: str, chance: Random) -> str:
    """Return a text with one change: of a character, of a token, or of a larger part."""
    tokens = _TOKENS.findall(text)
    if not tokens:
        return chance.choice(_PIECES)
    place = chance.randrange(len(tokens))
    kind = chance.randrange(9)
    if kind == 0:
        del tokens[place]
    elif kind == 1:
        tokens[place] = chance.choice(_PIECES)
    elif kind == 2:
        tokens.insert(place, chance.choice(_PIECES))
    elif kind == 3:
        other = chance.randrange(len(tokens))
        tokens[place], tokens[other] = tokens[other], tokens[place]
    elif kind == 4:
        tokens[place:place] = tokens[place : place + 5] * chance.choice((1, 2, 30))
    elif kind == 5:
        del tokens[place:]
    elif kind == 6:
        tokens[place] = chance.choice("(-!") * chance.choice((3, 60, 400)) + tokens[place]
    else:
        return _character(text, chance)
    return "".join(tokens)


def _character(text: str, chance: Random) -> str:
    place = chance.randrange(len(text))
    new = chr(chance.choice((chance.randrange(128), chance.randrange(0x3000), chance.randrange(0x110000))))
    return text[:place] + chance.choice(("", new)) + text[place + chance.randrange(2) :]


def shortest(text: str, fails: Callable[[str], bool]) -> str:
    """Return a text that still fails with as many of its tokens left out as can be, one after the other."""
    tokens: Sequence[str] = _TOKENS.findall(text)
    place = 0
    while place < len(tokens):
        fewer = [*tokens[:place], *tokens[place + 1 :]]
        if fails("".join(fewer)):
            tokens = fewer
        else:
            place += 1
    return "".join(tokens)
