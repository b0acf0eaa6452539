"""Movements of a few customers in two currencies within six weeks, of whatever kind and sign, for property tests."""

from hypothesis import strategies as st

from upswell.core.kinds import KINDS

STEP = st.tuples(
    st.integers(0, 40),
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from(KINDS),
    st.integers(-2000, 3000),
    st.sampled_from(["usd", "usd", "eur"]),
)
CUT = st.integers(0, 41)


def told(steps):
    """Return the text of ``steps``: day, customer, kind, amount and currency."""
    days = sorted(steps, key=lambda step: step[0])
    return "\n".join(f"{at_day(day)} {who} {kind} {amount} currency={code}" for day, who, kind, amount, code in days)


def at_day(day):
    """Return a day of 2026 as text."""
    return f"2026-{1 + day // 28:02d}-{1 + day % 28:02d}"
