"""From text to logical lines: encoding, forbidden characters, comments, continuation, text blocks.

The text is only ever changed character for character, so that offsets into it are offsets into what the user wrote.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from grille.server.errors import GrilleError, ScriptSyntaxError, Span
from grille.server.language.limits import MAX_LINE_CHARACTERS, MAX_SCRIPT_BYTES
from grille.server.language.vocabulary import ENDBLOCK, TEXTBLOCK
from grille.server.text import Text

_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_CODE: Final = re.compile(r"""(?:[^'"/\n]|'[^'\n]*(?:'|$)|"[^"\n]*(?:"|$)|/(?!/))*""")
_CONTINUED: Final = re.compile(r"\\[^\S\n]*$")


@dataclass(frozen=True, slots=True)
class LogicalLine:
    """One command as written.

    Attributes:
        start, end: Offsets in the prepared text; blanks at both ends are left out.
        line: Number of the line with the first character, from 1.
        column: Column of the first character, from 1.
        body: For a text block the text between its first and last line, else None.
    """

    start: int
    end: int
    line: int
    column: int
    body: str | None = None

    @property
    def span(self) -> Span:
        """The whole command."""
        return Span(self.start, self.end, self.line, self.column)


def decode(data: bytes) -> str:
    """Return the text of a script file; raises ScriptSyntaxError INVALID_ENCODING when it is not UTF-8."""
    if len(data) > MAX_SCRIPT_BYTES:
        raise _too_long()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        good = data[: error.start].decode("utf-8-sig", errors="ignore")
        line = good.count("\n") + 1
        column = len(good) - good.rfind("\n")
        raise ScriptSyntaxError(
            "INVALID_ENCODING",
            Text("The script is not UTF-8 text.", "Skriptet er ikke UTF-8-tekst."),
            hint=Text("Save the file as UTF-8.", "Lagre filen som UTF-8."),
            span=Span(len(good), len(good) + 1, line, column),
        ) from None


def normalise(source: str) -> str:
    """Return `source` with every line end as one newline at its old place and without a byte order mark.

    Raises:
        GrilleError: SCRIPT_TOO_LONG, INVALID_CHARACTER.
    """
    if len(source) > MAX_SCRIPT_BYTES or len(source.encode("utf-8", "surrogatepass")) > MAX_SCRIPT_BYTES:
        raise _too_long()
    text = source.removeprefix("\ufeff")
    if "\r" in text:
        text = text.replace("\r\n", " \n").replace("\r", "\n")
    bad = _FORBIDDEN.search(text)
    if bad is not None:
        start = bad.start()
        code = f"U+{ord(bad.group()):04X}"
        raise ScriptSyntaxError(
            "INVALID_CHARACTER",
            Text(f"The character {code} is not allowed in a script.", f"Tegnet {code} er ikke tillatt i et skript."),
            hint=Text("Remove this invisible character.", "Fjern dette usynlige tegnet."),
            span=Span(start, start + 1, text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)),
        )
    return text


def split(text: str) -> tuple[str, list[LogicalLine], list[GrilleError]]:
    """Split normalised text into commands.

    Returns:
        The text with comments and continuation marks blanked, the commands in order, and the lines that are not one.
    """
    pieces: list[str] = []
    commands: list[LogicalLine] = []
    errors: list[GrilleError] = []
    lines = _physical_lines(text)
    for number, offset, raw in lines:
        stripped = raw.strip()
        if stripped.startswith("#"):
            pieces.append(" " * len(raw))
            continue
        code, continued = _code_of(raw)
        if code.strip() == TEXTBLOCK:
            body, end, closed = _textblock(lines, offset + len(raw))
            start = offset + _indent(code)
            pieces.append(text[offset:end])
            command = LogicalLine(start, end, number, _indent(code) + 1, body)
            if closed:
                commands.append(command)
            else:
                errors.append(_unclosed_textblock(command))
            continue
        begin, first_offset, first_number = len(pieces), offset, number
        pieces.append(code)
        while continued:
            following = next(lines, None)
            if following is None:
                break
            code, continued = _code_of(following[2])
            pieces.append(code)
        whole = "\n".join(pieces[begin:])
        if not whole.strip():
            continue
        lead = _indent(whole)
        start, end = first_offset + lead, first_offset + len(whole.rstrip())
        line = first_number + whole.count("\n", 0, lead)
        command = LogicalLine(start, end, line, lead - (whole.rfind("\n", 0, lead) + 1) + 1)
        if len(whole.strip()) > MAX_LINE_CHARACTERS:
            errors.append(_line_too_long(command))
        else:
            commands.append(command)
    return "\n".join(pieces), commands, errors


def joined(text: str) -> str:
    """Return the source of one command with its continuation lines joined by one blank."""
    if "\n" not in text:
        return text
    return " ".join(part for part in (line.strip() for line in text.split("\n")) if part)


def _physical_lines(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (line number, offset, line without its end)."""
    offset = 0
    for number, line in enumerate(text.split("\n"), start=1):
        yield number, offset, line
        offset += len(line) + 1


def _code_of(line: str) -> tuple[str, bool]:
    """Return a line of the same length without its comment and continuation mark, and whether it is continued."""
    code = line
    if "//" in line:
        match = _CODE.match(line)
        end = match.end() if match else len(line)
        code = line[:end] + " " * (len(line) - end)
    if "\\" in code:
        mark = _CONTINUED.search(code.rstrip())
        if mark is not None:
            return code[: mark.start()] + " " * (len(code) - mark.start()), True
    return code, False


def _textblock(lines: Iterator[tuple[int, int, str]], end: int) -> tuple[str, int, bool]:
    """Read on to endblock; return the text between, the offset of its end, and whether endblock was there."""
    body: list[str] = []
    for _, offset, line in lines:
        end = offset + len(line)
        if line.split("//")[0].strip() == ENDBLOCK:
            return "\n".join(part.rstrip() for part in body), end, True
        body.append(line)
    return "\n".join(body), end, False


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def printable(character: str) -> str:
    """Return how a message names a character: itself if it can be seen, else its code point."""
    visible = unicodedata.category(character)[0] not in "CZM"
    return f"'{character}'" if visible else f"U+{ord(character):04X}"


def _too_long() -> GrilleError:
    return ScriptSyntaxError(
        "SCRIPT_TOO_LONG",
        Text("The script is longer than 1 MB.", "Skriptet er lengre enn 1 MB."),
        hint=Text("Split it into several scripts.", "Del det i flere skript."),
    )


def _line_too_long(command: LogicalLine) -> GrilleError:
    return ScriptSyntaxError(
        "LINE_TOO_LONG",
        Text(
            f"The command is longer than {MAX_LINE_CHARACTERS} characters.",
            f"Kommandoen er lengre enn {MAX_LINE_CHARACTERS} tegn.",
        ),
        hint=Text("Split it into several commands.", "Del den i flere kommandoer."),
        span=Span(command.start, command.start + 1, command.line, command.column),
    )


def _unclosed_textblock(command: LogicalLine) -> GrilleError:
    return ScriptSyntaxError(
        "TEXTBLOCK_NOT_CLOSED",
        Text("The text block has no endblock.", "Tekstblokken mangler endblock."),
        hint=Text("Write endblock on a line of its own.", "Skriv endblock på en egen linje."),
        span=Span(command.start, command.start + len(TEXTBLOCK), command.line, command.column),
    )
