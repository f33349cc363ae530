"""Numbers are written with the digits that the server gave, grouped and aligned."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grille.client.render.numbers import aligned, count, notation_of, p_value, percent, plain
from grille.client.words import Words

ENGLISH, NORWEGIAN = notation_of(Words.ENGLISH), notation_of(Words.NORWEGIAN)


@pytest.mark.parametrize(
    "value, shown",
    [(0.0, "0"), (123460.0, "123,460"), (-0.25, "−0.25"), (1.2346e-7, "1.2346e−07"), (3.5e15, "3.5e+15"), (15.0, "15")],
)
def test_a_number_shows_the_digits_it_has(value: float, shown: str) -> None:
    assert plain(value, ENGLISH) == shown


def test_norwegian_numbers_have_a_comma_and_spaces_that_do_not_break() -> None:
    assert plain(1234567.5, NORWEGIAN) == "1\u00a0234\u00a0567,5"
    assert count(-12345, NORWEGIAN) == "−12\u00a0345"
    assert p_value(0.0004, NORWEGIAN) == "<0,001"


def test_p_values_have_three_decimals_and_a_floor() -> None:
    assert [p_value(v, ENGLISH) for v in (0.0, 0.00099, 0.001, 0.002, 0.05, 1.0)] == [
        "<0.001",
        "<0.001",
        "<0.001",
        "0.002",
        "0.050",
        "1.000",
    ]


def test_percentages_have_one_decimal() -> None:
    assert percent(33.333, ENGLISH) == "33.3"


def test_a_column_aligns_on_the_decimal_sign() -> None:
    texts = aligned([412310.0, 43.718, 7], ENGLISH)
    assert texts == ["412,310    ", "43.718", "7    "]


def test_trailing_zeros_stop_at_the_precision_of_the_column() -> None:
    assert [t.strip() for t in aligned([1230.0, 45.1, 7.25], ENGLISH)] == ["1,230", "45.1", "7.25"]
    assert [t.strip() for t in aligned([0.12345, 1.5], ENGLISH)] == ["0.12345", "1.5000"]


@given(st.lists(st.floats(-1e9, 1e9).map(lambda v: float(f"{v:.5g}")), min_size=1, max_size=8))
def test_no_digit_is_lost_or_changed(values: list[float]) -> None:
    for value, text in zip(values, aligned(list(values), ENGLISH), strict=True):
        assert float(text.strip().replace(",", "").replace("−", "-")) == value


@given(
    st.lists(
        st.floats(-1e6, 1e6).map(lambda v: float(f"{v:.5g}")).filter(lambda v: v == 0 or abs(v) > 1e-4), min_size=2
    )
)
def test_decimal_signs_stand_under_one_another(values: list[float]) -> None:
    texts = aligned(list(values), ENGLISH)
    width = max(map(len, texts))
    places = {text.rjust(width).index(".") for text in texts if "." in text}
    assert len(places) <= 1
