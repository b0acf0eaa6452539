"""Groups: which changes are one, and what is known of how it is known."""

import pytest

from upswell.core.changes import Change
from upswell.core.groups import groups
from upswell.core.portfolio import Portfolio
from upswell.core.rules import Rules


def change(at, cause, source="observed", gap=False):
    """Return a change at a second."""
    return Change(at, gap, cause, source, Portfolio(), Portfolio())


@pytest.mark.parametrize(
    ("sources", "source"),
    [
        (["observed", "observed"], "observed"),
        (["observed", "reconstructed"], "reconstructed"),
        (["reconstructed", "observed"], "reconstructed"),
    ],
)
def test_a_group_is_as_surely_known_as_its_least_known_change(sources, source):
    """A group of which one change is inferred is inferred."""
    ((group, following),) = groups([change(at, f"evt_{at}", one) for at, one in enumerate(sources)], Rules())
    assert (group.source, group.at, group.cause, group.causes, following) == (
        *(source, 1, "evt_1", ("evt_0", "evt_1"), None),
    )


def test_a_cause_of_several_changes_is_named_once():
    """A group names the causes of its changes in order, each once."""
    found = [change(0, "evt_b"), change(1, "evt_a"), change(2, "evt_b")]
    ((group, _),) = groups(found, Rules())
    assert (group.cause, group.causes) == ("evt_b", ("evt_b", "evt_a"))


def test_what_opens_the_next_group_is_told_with_each():
    """Each group comes with the change that opens the next one; a gap stands alone on both sides."""
    found = [change(0, "evt_a"), change(1, "evt_b", gap=True), change(1, "evt_b"), change(3601, "evt_c")]
    told = [(group.causes, following and following.at) for group, following in groups(found, Rules())]
    assert told == [(("evt_a",), 1), (("evt_b",), 1), (("evt_b",), 3601), (("evt_c",), None)]
