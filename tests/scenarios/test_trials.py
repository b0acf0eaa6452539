"""Section 1 of the rule book: trials."""

from scenarios.story import Story


def test_a_trial_counts_from_its_conversion(story: Story) -> None:
    """A trial counts from its conversion on: that is `new`, or `add_on` where the customer pays for something already."""
    story.at("2026-01-10 12:00")
    sub = story.subscribe(story.price("Pro", 30), status="trialing")
    story.at("2026-01-24 12:00")
    sub.change(status="active")
    story.expect("new", 30)
    story.check()


def test_a_trial_that_ends_unpaid_is_nothing(story: Story) -> None:
    """`trialing` counts nothing before the subscription's first counted state."""
    story.at("2026-01-10 12:00")
    sub = story.subscribe(story.price("Pro", 30), status="trialing")
    story.at("2026-01-24 12:00")
    sub.cancel()
    story.check()


def test_seats_changed_in_a_trial_are_part_of_new(story: Story) -> None:
    """`trialing` counts nothing before the subscription's first counted state."""
    pro = story.price("Pro", 30)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro, status="trialing")
    story.at("2026-01-15 12:00")
    sub.seats(pro, 3)
    story.at("2026-01-24 12:00")
    sub.change(status="active")
    story.expect("new", 90)
    story.check()


def test_a_trial_laid_over_a_paying_subscription_moves_nothing(story: Story) -> None:
    """A trial laid over a subscription that already counted moves nothing: merchants move billing dates that way.

    Pro 30 active, `trial_end` set 20 days ahead, active again: nothing.
    """
    story.at("2026-01-10 12:00")
    sub = story.subscribe(story.price("Pro", 30))
    story.expect("new", 30)
    story.at("2026-02-01 12:00")
    sub.change(status="trialing", trial_start=story.clock, trial_end=story.clock + 20 * 86_400)
    story.at("2026-02-21 12:00")
    sub.change(status="active")
    story.check()


def test_seats_added_under_a_trial_laid_over_count_at_once(story: Story) -> None:
    """A trial laid over one that already counted moves nothing: the subscription goes on counting."""
    pro = story.price("Pro", 30)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro)
    story.expect("new", 30)
    story.at("2026-02-01 12:00")
    sub.change(status="trialing", trial_start=story.clock, trial_end=story.clock + 20 * 86_400)
    story.at("2026-02-05 12:00")
    sub.seats(pro, 2)
    story.expect("seat", 30, quantity=(1, 2))
    story.at("2026-02-21 12:00")
    sub.change(status="active")
    story.check()


def test_the_trial_of_another_subscription_adds_when_it_converts(story: Story) -> None:
    """A trial counts from its conversion on: that is `new`, or `add_on` where the customer pays for something already."""
    reports = story.price("Reports", 20)
    story.at("2026-01-10 12:00")
    story.subscribe(story.price("Pro", 30))
    story.expect("new", 30)
    story.at("2026-02-01 12:00")
    sub = story.subscribe(reports, status="trialing")
    story.at("2026-02-15 12:00")
    sub.change(status="active")
    story.expect("add_on", 20, price=(None, reports))
    story.check()


def test_an_item_in_its_own_trial_adds_when_it_converts(story: Story) -> None:
    """An item in its own trial (`current_trial`) does not count until that trial ends, event or not."""
    pro, reports = story.price("Pro", 30), story.price("Reports", 20)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro)
    story.expect("new", 30)
    story.at("2026-02-01 12:00")
    with sub.updated():
        trial = sub.put(reports)
        trial.trial = {"start_date": story.clock, "end_date": story.clock + 14 * 86_400, "trial_offer": "to_1"}
    brought = story.said_at(story.clock)
    if story.shape != "endive":  # older versions know no trial of an item: there it is simply added
        story.expect("add_on", 20, price=(None, reports))
    story.at("2026-02-15 12:00")
    with sub.updated():
        trial.trial = None
    if story.shape == "endive":
        story.expect("add_on", 20, price=(None, reports), cause=brought | story.said_at(story.clock))
    story.check()
