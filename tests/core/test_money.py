"""Money: minor units, exact fractions, one rounding."""

from fractions import Fraction

import pytest

from upswell.core.money import CODES, exponent, plain, rounded, signed

ZERO = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf"
THREE = "bhd jod kwd omr tnd"
TWO = "usd eur gbp isk ugx lbp huf twd"


@pytest.mark.parametrize(("codes", "places"), [(ZERO, 0), (TWO, 2), (THREE, 3)], ids=["none", "two", "three"])
def test_a_currency_has_the_decimals_of_stripe_s_table(codes, places):
    """How many decimals a currency has is what Stripe's own list says: JPY none, KWD three, ISK two.

    In any letter case.
    """
    assert {exponent(code) for code in codes.split()} == {places}
    assert CODES.issuperset(codes.split())
    assert {exponent(code.upper()) for code in codes.split()} == {places}


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        (123450, "usd", "1,234.50"),
        (5, "usd", "0.05"),
        (0, "usd", "0.00"),
        (-350, "usd", "−3.50"),
        (1234567, "jpy", "1,234,567"),
        (-1234, "jpy", "−1,234"),
        (1234567, "kwd", "1,234.567"),
        (Fraction(8, 10000), "usd", "0.000008"),
        (Fraction(25, 2), "usd", "0.125"),
        (Fraction(1, 2), "jpy", "0.5"),
        (Fraction(-1, 2), "usd", "−0.005"),
        (Fraction(50000, 12), "usd", "41.67"),
        (Fraction(1, 3 * 10**20), "usd", "0.00"),
        (Fraction(-1, 3), "usd", "0.00"),
        (Fraction(1, 10**10), "usd", "0.000000000001"),
        (10**15, "usd", "10,000,000,000,000.00"),
    ],
)
def test_an_amount_is_written_in_units(amount, currency, words):
    """Amounts are written in units with all decimals of their currency; a fraction is written out where it ends."""
    assert plain(amount, currency) == words


@pytest.mark.parametrize(("amount", "words"), [(1200, "+12.00"), (-350, "−3.50"), (0, "0.00")])
def test_a_change_is_written_with_its_sign(amount, words):
    """Movements show their sign; nothing shows none."""
    assert signed(amount, "usd") == words


@pytest.mark.parametrize(
    ("amount", "whole"), [((1, 2), 0), ((3, 2), 2), ((5, 2), 2), ((-1, 2), 0), ((-3, 2), -2), ((50001, 100000), 1)]
)
def test_halves_are_rounded_to_even(amount, whole):
    """One rounding, half to even."""
    assert rounded(Fraction(*amount)) == whole
