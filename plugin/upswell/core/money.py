"""Money: whole minor units of a currency, exact rationals in between, one rounding at the end."""

from fractions import Fraction
from functools import cache

_ZERO = frozenset(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"]
)
_THREE = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])

_CODES = """
aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd btn bwp byn bzd cad cdf chf clp
cny cop crc cup cve czk djf dkk dop dzd egp ern etb eur fjd fkp gbp gel ghs gip gmd gnf gtq gyd hkd hnl hrk htg huf
idr ils inr iqd irr isk jmd jod jpy kes kgs khr kmf kpw krw kwd kyd kzt lak lbp lkr lrd lsl lyd mad mdl mga mkd mmk
mnt mop mru mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar
sbd scr sdg sek sgd shp sle sll sos srd ssp std stn svc syp szl thb tjs tmt tnd top try ttd twd tzs uah ugx usd uyu
uzs ves vnd vuv wst xaf xcd xcg xof xpf yer zar zmw zwl
"""
CODES = frozenset(_CODES.split())
"""The currencies of ISO 4217 that money is billed in, and those that Stripe's older objects may still carry."""


@cache
def exponent(currency: str) -> int:
    """Return how many decimals Stripe's minor unit of ``currency`` has: 0, 2 or 3.

    Source: Stripe's list of zero-decimal and three-decimal currencies. ISK and UGX are charged
    as two-decimal amounts there, for backward compatibility, and so count as two here.
    """
    code = currency.lower()
    if code in _ZERO:
        return 0
    return 3 if code in _THREE else 2


Exact = int | Fraction
"""An exact amount: whole ones are integers where that is faster."""


def exact(amount: Fraction) -> Exact:
    """Return ``amount``, as an integer where it is whole."""
    return amount.numerator if amount.denominator == 1 else amount


def rounded(amount: Exact) -> int:
    """Return ``amount`` as a whole number of minor units, half to even."""
    return amount.numerator if amount.denominator == 1 else round(amount)


def plain(amount: Exact, currency: str) -> str:
    """Return an amount of minor units as digits: ``plain(123450, "usd") == "1,234.50"``.

    Fractions of a minor unit are written out when they end (a price of 0.0008), else rounded half to even.
    """
    places = exponent(currency)
    value = amount
    while value.denominator != 1 and places < 12 and (value * 10 ** (12 - places)).denominator == 1:
        value, places = value * 10, places + 1
    whole = abs(rounded(value))
    sign = "−" if rounded(value) < 0 else ""
    if not places:
        return f"{sign}{whole:,}"
    units, rest = divmod(whole, 10**places)
    return f"{sign}{units:,}.{rest:0{places}d}"


def decimal(value: Fraction) -> str:
    """Return ``value`` as a decimal that reads back as the same number; one that never ends is cut after 12 places."""
    if value.denominator == 1:
        return str(value.numerator)
    whole = round(abs(value) * 10**12)
    units, rest = divmod(whole, 10**12)
    return f"{'-' if value < 0 else ''}{units}.{rest:012d}".rstrip("0")


def signed(amount: int, currency: str) -> str:
    """Return ``amount`` with its sign: ``+12.00``, ``−3.50`` or ``0.00``."""
    return ("+" if amount > 0 else "") + plain(amount, currency)
