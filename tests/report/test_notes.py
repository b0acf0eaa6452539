"""Notes: what looks like an import, a price migration, or the wrong currency."""

import pytest
from summaries import summary


def lines(many, template):
    """Return ``template`` for customers 0 to ``many``."""
    return "\n".join(template.format(n) for n in range(many))


def test_many_new_customers_in_one_day_look_like_an_import():
    """Twenty ``new`` in a day, five times those of any other, make the summary say "this looks like an import"."""
    imported = lines(20, "2026-11-10T12:00 cus_{} new +100")
    assert summary(imported).notes == ("20 customers are new on 2026-11-10: this looks like an import.",)
    assert summary(lines(19, "2026-11-10T12:00 cus_{} new +100")).notes == ()


def test_many_new_customers_are_none_of_the_kind_where_they_are_usual():
    """A business that wins that many on other days is not told that it imports."""
    usual = lines(5, "2026-10-20T12:00 usual_{} new +100") + "\n" + lines(20, "2026-11-10T12:00 cus_{} new +100")
    assert summary(usual).notes == ()
    before = lines(30, "2026-11-03T12:00 cus_{} new +100")
    assert summary(before).notes == ()


def test_what_is_usual_is_seen_in_five_weeks():
    """The days of the four weeks before are looked at too, from the first of them on."""
    imported = lines(20, "2026-11-10T12:00 cus_{} new +100")
    assert summary(lines(5, "2026-10-12T12:00 usual_{} new +100") + "\n" + imported).notes == ()
    assert summary(lines(5, "2026-10-11T12:00 usual_{} new +100") + "\n" + imported).notes != ()


def test_many_upgrades_between_two_prices_look_like_a_migration():
    """When ten customers or more upgrade from one price to the same other one in a week, the summary says so.

    It says that this looks like a price migration, what it came to, and the lines that would declare it.
    """
    moved = lines(10, "2026-11-10 cus_{} upgrade +150 price_from=price_old price_to=price_new")
    (note,) = summary(moved).notes
    assert note == (
        "This looks like a price migration: 10 customers, price_old → price_new, +15.00 USD counted as upgrades; "
        'if it was yours, declare it: [[rules.price_change]] from = "price_old", to = "price_new".'
    )
    assert summary(lines(9, "2026-11-10 cus_{} upgrade +150 price_from=price_old price_to=price_new")).notes == ()


@pytest.mark.parametrize("moved", ["downgrade -150", "upgrade +150 driver=usage"])
def test_what_is_no_plan_swapped_upwards_looks_like_no_migration(moved):
    """Downgrades, and what usage brought, are counted as no upgrades from one price to another."""
    started = lines(10, "2026-01-01 cus_{} new +1000") + "\n"
    assert (
        summary(started + lines(10, f"2026-11-10 cus_{{}} {moved} price_from=price_old price_to=price_new")).notes == ()
    )


def test_a_currency_nobody_pays_in_is_pointed_out():
    """Where everything is billed in another currency than the report's, the note names the setting."""
    text = "2026-11-10 cus_1 new +100 currency=eur"
    assert summary(text).notes == ('Nothing is billed in USD: set [report] currency = "eur".',)
    assert summary(text, currency="eur").notes == ()
