"""Coefficients in a terminal stand at their values beside zero, and the constant is left to the table."""

from types import SimpleNamespace

import pytest
from rich.cells import cell_len

from grille.client.render.coefficients import draw_coefficients
from grille.client.render.drawings import drawn
from grille.client.render.style import Style
from grille.client.words import Words

PLAIN = Style(colours=False)
COEFFICIENTS = (
    "term:text:Variable|estimate:number:Coefficient|std_error:number:Std. error|t:number:t|p_value:p:P|"
    "ci_low:number:Low|ci_high:number:High"
)
MAN = (("man", "=Man"), 40.0, 5.0, 8.0, 0.001, 30.0, 50.0)
AGE = ("age", -10.0, 5.0, -2.0, 0.04, -20.0, 0.0)
CONSTANT = (("_cons", "=Constant"), 9e5, 1.0, 9e5, 0.001, 9e5, 9e5)


def line_of(lines: list[str] | None, name: str) -> str:
    assert lines is not None
    [line] = [line for line in lines if line.startswith(name)]
    return line


def test_marks_stand_at_their_values(make: SimpleNamespace) -> None:
    lines = draw_coefficients("T", make.table(COEFFICIENTS, MAN, AGE), 100, Words.ENGLISH, PLAIN)
    man, age = line_of(lines, "Man"), line_of(lines, "age")
    low, high, estimate = man.index("├"), man.index("┤"), man.index("•")
    assert estimate == pytest.approx((low + high) / 2, abs=1)
    zero, unit = man.index("│"), (high - low) / 20
    assert low - zero == pytest.approx(30 * unit, abs=2)
    assert age.index("┤") == zero
    assert age.index("•") - zero == pytest.approx(-10 * unit, abs=2)
    assert (man.split()[-1], age.split()[-1]) == ("40", "−10")


def test_the_constant_is_left_out_and_would_not_set_the_scale(make: SimpleNamespace) -> None:
    with_it = draw_coefficients("", make.table(COEFFICIENTS, MAN, AGE, CONSTANT), 90, Words.ENGLISH, PLAIN)
    assert with_it == draw_coefficients("", make.table(COEFFICIENTS, MAN, AGE), 90, Words.ENGLISH, PLAIN)
    assert draw_coefficients("", make.table(COEFFICIENTS, CONSTANT), 90, Words.ENGLISH, PLAIN) is None


def test_a_withheld_coefficient_has_no_line(make: SimpleNamespace) -> None:
    hidden = ("born", *["!suppressed"] * 6)
    lines = draw_coefficients("", make.table(COEFFICIENTS, MAN, hidden), 90, Words.ENGLISH, PLAIN)
    assert lines is not None
    assert not any("born" in line for line in lines)
    assert draw_coefficients("", make.table(COEFFICIENTS, hidden), 90, Words.ENGLISH, PLAIN) is None


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_drawing_keeps_to_the_width(make: SimpleNamespace, width: int) -> None:
    long = (("i.x=1", "=a very long name of a category that would fill the line alone"), *MAN[1:])
    lines = draw_coefficients("T", make.table(COEFFICIENTS, long, AGE), width, Words.NORWEGIAN, PLAIN)
    assert lines is not None
    assert max(map(cell_len, lines)) <= width
    assert "konfidensintervall" in lines[-1]


def test_it_is_drawn_beside_a_plot_of_coefficients_alone(make: SimpleNamespace) -> None:
    table = make.table_block("coefficients", "Coefficients", COEFFICIENTS, MAN)
    [one] = drawn([make.plot_block("coefplot", "Wage", {}), table], 80, Words.ENGLISH, PLAIN)
    assert one.lines[0] == "Wage"
    assert drawn([table], 80, Words.ENGLISH, PLAIN) == []
