"""Checking of the options of a command against its specification, and typed reading of their arguments."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from grille.server.commands.base import CommandSpec
from grille.server.commands.lookup import near_hint
from grille.server.errors import GrilleError, TypeMismatchError, UnknownNameError
from grille.server.language.ast import Name, Number, Option, String, Term
from grille.server.text import Text


def check_options(spec: CommandSpec, options: tuple[Option, ...]) -> Options:
    """Return the options of a command, ready for typed reading.

    Args:
        spec: The command's specification; its option names are the known ones.
        options: Options as written.

    Raises:
        UnknownNameError: UNKNOWN_OPTION, with near names as hint.
        TypeMismatchError: DUPLICATE_OPTION.
    """
    known = {option.name: option.syntax for option in spec.options}
    given: dict[str, Option] = {}
    for option in options:
        if option.name not in known:
            raise UnknownNameError(
                "UNKNOWN_OPTION",
                Text(
                    f"`{spec.name}` has no option `{option.name}`.",
                    f"`{spec.name}` har ikke noe valg `{option.name}`.",
                ),
                hint=near_hint(option.name, known) or _known_hint(known),
                span=option.span,
            )
        if option.name in given:
            raise TypeMismatchError(
                "DUPLICATE_OPTION",
                Text(f"The option `{option.name}` is given twice.", f"Valget `{option.name}` er gitt to ganger."),
                span=option.span,
            )
        given[option.name] = option
    return Options(given, known)


def _known_hint(known: Mapping[str, str]) -> Text:
    if not known:
        return Text("The command has no options.", "Kommandoen har ingen valg.")
    syntax = ", ".join(f"`{one}`" for one in known.values())
    return Text(f"Its options are {syntax}.", f"Valgene er {syntax}.")


@dataclass(frozen=True, slots=True)
class Options:
    """The options given to a command.

    Every method raises TypeMismatchError OPTION_ARGUMENT, at the option, when the arguments are of the wrong kind.

    Attributes:
        given: The options by name.
        syntax: The syntax of every known option by name, for messages.
    """

    given: Mapping[str, Option]
    syntax: Mapping[str, str]

    def __contains__(self, name: str) -> bool:
        """Tell whether the option was given."""
        return name in self.given

    def flag(self, name: str) -> bool:
        """Return whether the option, which takes no argument, was given."""
        option = self.given.get(name)
        if option is None:
            return False
        if option.has_parentheses:
            raise self._wrong(option, Text("takes no argument", "tar ikke noe argument"))
        return True

    def number(
        self, name: str, default: float | None = None, low: float = -math.inf, high: float = math.inf
    ) -> float | None:
        """Return the one number of the option, which must lie in [low, high], or `default` when not given."""
        option = self.given.get(name)
        if option is None:
            return default
        wanted = Text("takes one number", "tar ett tall")
        if len(option.arguments) != 1 or not isinstance(option.arguments[0], Number):
            raise self._wrong(option, wanted)
        value = option.arguments[0].value
        if not low <= value <= high:
            raise self._wrong(
                option,
                Text(f"takes a number from {low:g} to {high:g}", f"tar et tall fra {low:g} til {high:g}"),
            )
        return float(value)

    def whole(self, name: str, default: int | None = None, low: int = 0, high: int = 2**31) -> int | None:
        """Return the one whole number of the option, which must lie in [low, high], or `default` when not given."""
        value = self.number(name, None, low, high)
        if value is None:
            return default
        if value != int(value):
            raise self._wrong(self.given[name], Text("takes a whole number", "tar et heltall"))
        return int(value)

    def text(self, name: str, default: str | None = None) -> str | None:
        """Return the one quoted string or bare name of the option, or `default` when not given."""
        option = self.given.get(name)
        if option is None:
            return default
        if len(option.arguments) == 1:
            argument = option.arguments[0]
            if isinstance(argument, String):
                return argument.value
            if isinstance(argument, Term) and (plain := plain_name(argument)) is not None:
                return plain.text
        raise self._wrong(option, Text("takes one name or quoted text", "tar ett navn eller én tekst i anførselstegn"))

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """Return the one word of the option, which must be among `choices`, or the first of them when not given."""
        option = self.given.get(name)
        if option is None:
            return choices[0]
        argument = option.arguments[0] if len(option.arguments) == 1 else None
        word = plain_name(argument) if isinstance(argument, Term) else None
        if word is None or word.text not in choices:
            listed = ", ".join(f"`{one}`" for one in choices)
            raise self._wrong(option, Text(f"takes one of {listed}", f"tar én av {listed}"))
        return word.text

    def names(self, name: str, most: int | None = None) -> tuple[Name, ...]:
        """Return the one or more bare names of the option; empty when not given."""
        option = self.given.get(name)
        if option is None:
            return ()
        found = [plain_name(one) if isinstance(one, Term) else None for one in option.arguments]
        names = tuple(one for one in found if one is not None)
        if not names or len(names) != len(found):
            raise self._wrong(option, Text("takes names of variables", "tar navn på variabler"))
        if most is not None and len(names) > most:
            raise self._wrong(option, Text(f"takes at most {most} variables", f"tar høyst {most} variabler"))
        return names

    def terms(self, name: str) -> tuple[Term, ...]:
        """Return the one or more terms of the option, such as `i.region`; empty when not given."""
        option = self.given.get(name)
        if option is None:
            return ()
        terms = tuple(one for one in option.arguments if isinstance(one, Term))
        if not terms or len(terms) != len(option.arguments):
            raise self._wrong(option, Text("takes variables", "tar variabler"))
        return terms

    def codes(self, name: str) -> tuple[str, ...] | None:
        """Return the codes of the option as text: quoted strings, numbers, bare words; None when not given."""
        option = self.given.get(name)
        if option is None:
            return None
        codes: list[str] = []
        for argument in option.arguments:
            if isinstance(argument, String):
                codes.append(argument.value)
            elif isinstance(argument, Number):
                codes.append(str(argument.value))
            elif isinstance(argument, Term) and (plain := plain_name(argument)) is not None:
                codes.append(plain.text)
            else:
                raise self._wrong(option, Text("takes codes", "tar koder"))
        if not codes:
            raise self._wrong(option, Text("takes codes", "tar koder"))
        return tuple(codes)

    def exclusive(self, *names: str) -> str | None:
        """Return which of `names` was given; raises TypeMismatchError OPTIONS_EXCLUDE when several were."""
        found = [name for name in names if name in self.given]
        if len(found) > 1:
            raise TypeMismatchError(
                "OPTIONS_EXCLUDE",
                Text(
                    f"The options `{found[0]}` and `{found[1]}` exclude each other.",
                    f"Valgene `{found[0]}` og `{found[1]}` utelukker hverandre.",
                ),
                span=self.given[found[1]].span,
            )
        return found[0] if found else None

    def _wrong(self, option: Option, wanted: Text) -> GrilleError:
        syntax = self.syntax[option.name]
        return TypeMismatchError(
            "OPTION_ARGUMENT",
            Text(f"The option `{option.name}` {wanted.en}.", f"Valget `{option.name}` {wanted.no}."),
            hint=Text(f"Write `{syntax}`.", f"Skriv `{syntax}`."),
            span=option.span,
        )


def plain_name(term: Term) -> Name | None:
    """Return the variable name that `term` consists of, or None for `i.v`, `c.v` and interactions."""
    if len(term.factors) != 1 or term.factors[0].kind != "plain":
        return None
    return Name(term.factors[0].name, term.factors[0].span)
