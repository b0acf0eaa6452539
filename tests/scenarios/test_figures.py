"""Section 9 of the rule book: the figures of the summary, through the command line."""

import json
from pathlib import Path

from scenarios.runner import by_command, run
from scenarios.story import Story
from scenarios.streams import Json


def summary(story: Story, folder: Path, week: str) -> Json:
    """Return the summary of a week as the command prints it."""
    by_command([story.events], folder, story.settings)
    found: Json = json.loads(run(folder, "summary", "--week", week, "--format", "json"))
    return found


def two_customers(shape: str) -> Story:
    """Return the rule book's two customers at 100: one goes to 150 (20 of it `price_change`), one to 60."""
    story = Story(shape)
    base, dearer, more, less = (story.price("Pro", amount) for amount in (100, 120, 150, 60))
    story.settings = f'[[rules.price_change]]\nfrom = "{base.id}"\nto = "{dearer.id}"\n'
    other = story.join("cus_2")
    story.at("2026-01-05 12:00")
    first, second = story.subscribe(base), story.subscribe(base, customer=other)
    story.at("2026-03-03 12:00")
    first.swap(base, dearer)
    story.at("2026-03-04 12:00")
    first.swap(dearer, more)
    second.swap(base, less)
    return story


def test_retention_of_two_customers(story: Story, tmp_path: Path) -> None:
    """Two customers at 100, one to 150 (20 of it `price_change`), one to 60: `nrr` is 105 % and `grr` 80 %.

    Without the price group these are 95 % and 80 %.
    """
    found = summary(two_customers(story.shape), tmp_path, "2026-W10")
    assert (found["nrr"]["d30"], found["grr"]["d30"]) == (1.05, 0.8)
    assert (found["nrr_without_price"]["d30"], found["grr_without_price"]["d30"]) == (0.95, 0.8)


def test_no_figure_without_a_denominator(tmp_path: Path) -> None:
    """Where S or any other denominator is 0 there is no figure, never a division."""
    found = summary(two_customers("endive"), tmp_path, "2026-W02")
    assert found["opening_mrr"] == 0
    for name in ("nrr", "grr", "nrr_without_price", "grr_without_price"):
        assert found[name] == {"d30": None, "m12": None}
    assert found["expansion_rate"] is None
    assert found["quick_ratio"] is None
    assert found["expansion_share_of_new_mrr"] == 0
    assert (found["bridge"]["new"], found["closing_mrr"]) == (20_000, 20_000)


def test_sums_and_ratios_of_a_week(tmp_path: Path) -> None:
    """`expansion`, `contraction`, `churn` and so on: the sums of the groups of section 2.

    `net_expansion`: expansion + contraction + churn.

    `expansion_rate`: expansion / opening MRR.
    """
    found = summary(two_customers("basil"), tmp_path, "2026-W10")
    bridge = {kind: amount for kind, amount in found["bridge"].items() if amount}
    assert bridge == {"upgrade": 3000, "downgrade": -4000, "price_change": 2000}
    assert (found["opening_mrr"], found["closing_mrr"]) == (20_000, 21_000)
    assert (found["expansion"]["total"], found["contraction"], found["churn"]) == (3000, -4000, 0)
    assert (found["expansion"]["customers"], found["expansion"]["count"]) == (1, 1)
    assert found["net_expansion"] == -1000
    assert (found["expansion_rate"], found["expansion_share_of_new_mrr"], found["quick_ratio"]) == (0.15, 1, 0.75)
    assert (found["time_to_expansion_days"], found["not_yet_expanded"]) == (58, 1)
