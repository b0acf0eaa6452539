"""Expansion by product and by segment: parts of a whole."""

from dataclasses import replace

from booked import movements
from core.values import calm
from hypothesis import given
from hypothesis import strategies as st
from summaries import BUSY, summary

from upswell.core.kinds import KINDS
from upswell.render import email, slack, terminal
from upswell.render.page import page
from upswell.report.breakdowns import Known, broken_down
from upswell.report.segments import CohortPart, ProductPart, SegmentPart, by_cohort, by_product, by_segment

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(KINDS),
        st.integers(-(10**9), 10**9),
        st.sampled_from([None, "prod_1", "prod_2"]),
        st.sampled_from([None, "x", "y", "z"]),
    ),
    max_size=25,
)
WEEK = """
2026-11-09 cus_1 upgrade +500 product_to=prod_ent product_from=prod_pro
2026-11-10 cus_1 seat +300 product_to=prod_ent
2026-11-11 cus_2 seat +300 product_to=prod_pro
2026-11-11 cus_3 overage +900 product_to=prod_api
2026-11-12 cus_3 downgrade -50 product_to=prod_api
"""
MONTHS = {"a": "2026-03", "b": "2026-02"}
TEAM, REGION = "customer.metadata.team", "subscription.metadata.region"


def test_expansion_by_product_is_by_what_was_moved_to():
    """A product has what was moved to it and what there is more of it, its name, and customers counted once."""
    assert by_product(movements(WEEK), {"prod_ent": "Enterprise"}) == (
        ProductPart("prod_api", "prod_api", 900, 1),
        ProductPart("prod_ent", "Enterprise", 800, 1),
        ProductPart("prod_pro", "prod_pro", 300, 1),
    )


def test_expansion_by_segment_is_by_what_held_at_the_movement():
    """A movement counts for its own value, also where its customer has moved with another; none is a value too."""
    one, two, three, four, _ = (movement.id for movement in movements(WEEK))
    traits = {one: {TEAM: "east"}, two: {TEAM: "west"}, three: {TEAM: "west"}, four: {TEAM: None}}
    assert by_segment(movements(WEEK), [TEAM], traits) == {
        TEAM: (SegmentPart(None, 900, 1), SegmentPart("west", 600, 2), SegmentPart("east", 500, 1)),
    }
    assert by_segment(movements(WEEK), [REGION], {}) == {REGION: (SegmentPart(None, 2000, 3),)}
    assert by_segment([], [REGION], {}) == {REGION: ()}


def test_expansion_by_cohort_is_by_the_first_payment():
    """A customer counts for the month in which it first paid, whatever it pays in now; months come in their order."""
    months = {"cus_1": "2026-03", "cus_2": "2025-11", "cus_3": "2026-03"}
    assert by_cohort(movements(WEEK), months) == (CohortPart("2025-11", 300, 1), CohortPart("2026-03", 1700, 2))
    assert by_cohort(movements(WEEK), {"cus_1": "2026-03"})[0] == CohortPart(None, 1200, 2)


@calm
@given(STEPS)
def test_parts_add_up_to_all_expansion(steps):
    """By product and by each segment, amounts add up to expansion, and customers to at least its own."""
    lines = [f"2026-11-09T{n:02d}:00 {who} {kind} {amount}" for n, (who, kind, amount, _, _) in enumerate(steps[:24])]
    happened = [
        replace(movement, product_to=steps[int(movement.id.rpartition("_")[2])][3])
        for movement in movements("\n".join(lines))
    ]
    traits = {movement.id: {TEAM: steps[int(movement.id.rpartition("_")[2])][4]} for movement in happened}
    told = broken_down(summary("\n".join(lines)), happened, Known({}, [TEAM, REGION], traits, MONTHS)).figures
    for parts in (told.by_product, told.by_cohort, *told.by_segment.values()):
        assert sum(part.amount for part in parts) == told.expansion.total
        assert sum(part.customers for part in parts) >= told.expansion.customers
    assert sum(part.customers for part in told.by_cohort) == told.expansion.customers
    for parts in (told.by_product, *told.by_segment.values()):
        assert [part.amount for part in parts] == sorted((part.amount for part in parts), reverse=True)
    assert [(part.value, part.customers) for part in told.by_segment[REGION]] == (
        [(None, told.expansion.customers)] if told.expansion.count else []
    )


def test_each_currency_has_its_own_parts():
    """Parts of another currency stand with its figures and nowhere else."""
    text = "2026-11-10 a seat +5 product_to=p\n2026-11-10 b seat +7 product_to=p currency=eur"
    told = broken_down(summary(text), movements(text), Known({}, ["currency"], {}))
    assert told.figures.by_product == (ProductPart("p", "p", 5, 1),)
    assert told.other_currencies["eur"].by_product == (ProductPart("p", "p", 7, 1),)


def faces(told):
    """Return the summary as text for people."""
    mail = email.letter(told)
    sections = [block["text"]["text"] for block in slack.message(told)["blocks"] if "text" in block]
    return [" ".join(terminal.text(told, 300).split()), "\n".join(sections), mail.text, mail.html]


def test_people_read_the_three_largest_parts():
    """A line for products, first months and each segment names the three largest parts and counts the rest."""
    text = "\n".join(f"2026-11-10 cus_{n} seat +{n}00 product_to=prod_{n}" for n in range(1, 6))
    traits = {movement.id: {TEAM: "east", REGION: None} for movement in movements(text)}
    months = {f"cus_{n}": "2025-02" if n == 4 else "2026-03" for n in range(1, 6)}
    told = broken_down(
        summary(text), movements(text), Known({"prod_5": "Kite"}, [TEAM, REGION, "currency"], traits, months)
    )
    assert page(told).parts == (
        "By product: Kite +$5.00, prod_4 +$4.00, prod_3 +$3.00, 2 more +$3.00",
        "By first month: Mar 2026 +$11.00, Feb 2025 +$4.00",
        "By team: east +$15.00",
    )
    for face in faces(told):
        assert all(part in face for part in page(told).parts)


def test_one_product_and_no_segment_are_not_worth_a_line():
    """Where all expansion is of one product, and no segment has a value, nothing is added for people."""
    text = "2026-11-10 a seat +5 product_to=p"
    told = broken_down(summary(text), movements(text), Known({}, [TEAM], {}))
    assert page(told).parts == ()
    assert page(summary(BUSY)).parts == ()


def test_hostile_values_stay_text():
    """A value from metadata can neither mention nor format anything, and is cut short."""
    text = "2026-11-10 a seat +5 product_to=p"
    value = "<!channel> <b>" + "x" * 400
    told = broken_down(summary(text), movements(text), Known({}, [TEAM], {movements(text)[0].id: {TEAM: value}}))
    (line,) = page(told).parts
    assert len(line) < 80
    _, chat, _, html = faces(told)
    assert "<!channel>" not in chat
    assert "<b>" not in html
