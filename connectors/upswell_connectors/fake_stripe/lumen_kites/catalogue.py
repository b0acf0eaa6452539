"""What Lumen Kites sells: software for people who move things by kite."""

from upswell_connectors.fake_stripe import catalogue
from upswell_connectors.fake_stripe.account import Account
from upswell_connectors.fake_stripe.values import Tier

_ADD_ON = {"upswell_role": "add_on"}
_SEATS = (Tier(10, "2500"), Tier(50, "2200"), Tier(None, "1900"))
_TELEMETRY = (Tier(1_000, "0"), Tier(10_000, "2"), Tier(None, "1.5"))


def open_shop(account: Account) -> dict[str, str]:
    """Create the products, prices and coupons, and return the ids of the prices by the names the scripts use.

    Doldrums is free. Breeze is flat, Gale by the seat, Jetstream by the seat in volume tiers. Windmap and Hangar
    (by started 10 GB) come on top. Telemetry is metered in graduated tiers, the first 1,000 reports included; Drift
    is metered alone, for those who want nothing else. All a month, unless the name says otherwise.
    """
    _print_coupons(account)
    return _plans(account) | _extras(account) | _metered(account)


def _plans(account: Account) -> dict[str, str]:
    doldrums = catalogue.add_product(account, "Doldrums")
    breeze = catalogue.add_product(account, "Breeze")
    gale = catalogue.add_product(account, "Gale", unit_label="seat")
    jetstream = catalogue.add_product(account, "Jetstream", unit_label="seat")
    price = catalogue.add_price
    return {
        "doldrums": price(account, doldrums, currency="usd", unit_amount="0"),
        "breeze": price(account, breeze, currency="usd", unit_amount="2900", lookup_key="breeze"),
        "breeze_yearly": price(account, breeze, currency="usd", unit_amount="29000", interval="year"),
        "gale": price(account, gale, currency="usd", unit_amount="1000", lookup_key="gale"),
        "gale_yearly": price(account, gale, currency="usd", unit_amount="12000", interval="year"),
        "gale_euro": price(account, gale, currency="eur", unit_amount="1100"),
        "jetstream": price(account, jetstream, currency="usd", tiers=_SEATS, tiers_mode="volume"),
    }


def _extras(account: Account) -> dict[str, str]:
    windmap = catalogue.add_product(account, "Windmap", metadata=_ADD_ON)
    hangar = catalogue.add_product(account, "Hangar", unit_label="GB", metadata=_ADD_ON)
    price = catalogue.add_price
    return {
        "windmap": price(account, windmap, currency="usd", unit_amount="4900"),
        "windmap_euro": price(account, windmap, currency="eur", unit_amount="4500"),
        "hangar": price(account, hangar, currency="usd", unit_amount="800", divide_by=10),
    }


def _metered(account: Account) -> dict[str, str]:
    telemetry = catalogue.add_product(account, "Telemetry", unit_label="report")
    drift = catalogue.add_product(account, "Drift", unit_label="report")
    price, meter = catalogue.add_price, account.ids.make("mtr")
    catalogue.add_meter(account, "Telemetry reports", "telemetry_report", id_=meter)
    return {
        "telemetry": price(account, telemetry, currency="usd", meter=meter, tiers=_TELEMETRY, tiers_mode="graduated"),
        "drift": price(account, drift, currency="usd", meter=meter, unit_amount="2.5"),
    }


def _print_coupons(account: Account) -> None:
    coupon = catalogue.add_coupon
    coupon(account, "FIRSTLIGHT", "Half off for three months", "repeating", months=3, percent_off="50")
    coupon(account, "TAILWIND", "Free for two months", "repeating", months=2, percent_off="100")
    coupon(account, "GUILD20", "Kite guild members", "forever", percent_off="20")
    coupon(account, "WINDFALL", "Ten off for half a year", "repeating", months=6, amount_off=1_000, currency="usd")
    coupon(account, "ONEGUST", "A quarter off, once", "once", percent_off="25")
