"""Reconciling: today's subscriptions are read from Stripe and held against the ledger, one by one.

What differs is named with its cause. Healing writes down what Stripe shows; the movement that follows from it is
marked, for nothing told when it happened.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from threading import Event

from upswell.configuration.settings import Config
from upswell.fetching.catchup import catch_up
from upswell.fetching.comparing import as_facts, discrepancy, held, learn, learn_customer, parts, waiting
from upswell.fetching.todays import Shown, todays
from upswell.intake.applying import apply_pending
from upswell.intake.rebuild import PAUSE_SECONDS, Progress
from upswell.report.discrepancies import Discrepancy
from upswell.store.ledger import Ledger
from upswell.store.records import write_facts
from upswell.store.subscribers import living
from upswell.store.verdicts import Verdict, note_verdict
from upswell_connectors.client import Client
from upswell_connectors.stripe_api import StripeApi


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a run found ``at`` (unix seconds UTC), of so many subscriptions, by so many requests."""

    at: int
    looked_at: int
    requests: int
    discrepancies: tuple[Discrepancy, ...]

    @property
    def left(self) -> int:
        """How many subscriptions still are others than at Stripe."""
        return sum(not one.healed for one in self.discrepancies)


def reconcile(
    ledger: Ledger,
    config: Config,
    client: Client,
    *,
    heal: bool = False,
    stopping: Event | None = None,
    progress: Progress | None = None,
) -> Reconciled:
    """Hold every subscription that lives, or ended lately, against the ledger; ``heal`` closes what differs.

    First what no webhook delivered is taken in, and once more where something differs, so that nothing counts as
    missing that is on its way. Where ``stopping`` is set meanwhile, it ends early and
    is no verdict. Raises Refused, Unreachable, LedgerError.
    """
    run = _Run(ledger, config, client, stopping or Event(), progress or (lambda _done, _whole: None))
    run.refresh()
    suspects = list(run.suspects())
    if suspects:
        run.refresh()
    found = run.named(suspects)
    if heal:
        run.heal([shown for shown, one in found if one.mrr_stripe is not None])
        still = {shown.name for shown, _ in run.named([shown for shown, _ in found])}
        found = [(shown, replace(one, healed=shown.name not in still)) for shown, one in found]
    done = Reconciled(int(time.time()), run.looked_at, client.sent - run.begun, tuple(one for _, one in found))
    if not run.stopping.is_set():
        note_verdict(ledger, Verdict(done.at, done.looked_at, done.left))
    return done


class _Run:
    """One run: ``looked_at`` counts the subscriptions that were held against the ledger."""

    def __init__(self, ledger: Ledger, config: Config, client: Client, stopping: Event, progress: Progress) -> None:
        self.ledger = ledger
        self.rules = config.rules
        self.client = client
        self.api = StripeApi(config.stripe, client)
        self.stopping = stopping
        self.progress = progress
        self.looked_at = 0
        self.begun = client.sent

    def refresh(self) -> None:
        """Take in what no webhook delivered, and apply what was accepted."""
        catch_up(self.ledger, self.client, self.stopping)
        self._apply()

    def suspects(self) -> Iterator[Shown]:
        """Yield what Stripe shows of each subscription that seems to be another in the ledger."""
        alive = living(self.ledger.connection)
        for shown in todays(self.client, alive, self.stopping):
            self.looked_at += 1
            if parts(held(self.ledger, self.rules, shown), shown):
                yield shown
            self.progress(self.looked_at, max(len(alive), self.looked_at))
            time.sleep(PAUSE_SECONDS)

    def named(self, suspects: list[Shown]) -> list[tuple[Shown, Discrepancy]]:
        """Return those that differ indeed, each with in what and why."""
        found = []
        waits = waiting(self.ledger) if suspects else {}
        for shown in suspects:
            if self.stopping.is_set():
                break
            if parts(held(self.ledger, self.rules, shown), shown):
                if lost := learn(self.ledger, self.rules, self.api, shown):
                    waits.setdefault(shown.name, f"waits for {lost}, of which Stripe tells nothing")
                if one := discrepancy(self.ledger, self.rules, shown, waits):
                    found.append((shown, one))
        return found

    def heal(self, suspects: list[Shown]) -> None:
        """Write down what Stripe showed, and let the movements follow from it."""
        for shown in suspects:
            learn_customer(self.ledger, self.rules, self.api, shown)
            facts = as_facts(shown, held(self.ledger, self.rules, shown))
            with self.ledger.write() as connection:
                write_facts(connection, None, facts, self.rules)
            time.sleep(PAUSE_SECONDS)
        self._apply()

    def _apply(self) -> None:
        apply_pending(self.ledger, self.rules, self.api)
