"""Posting reports, the weekly and the monthly: once a period and destination, late rather than never.

A period is claimed in the ledger before it is sent, by one process of however many. A destination that fails is tried
again by itself, ever more slowly, until the next period takes its place.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.answers.summary import summary_of
from upswell.answers.trend import with_trend
from upswell.configuration.settings import Config
from upswell.configuration.times import due, post_at
from upswell.core.clocks import local
from upswell.errors import DeliveryError, UpswellError
from upswell.posting.channels import CHANNELS, REPEAT
from upswell.render import sentences, words
from upswell.report.periods import Month, Reported, Week, parse
from upswell.report.summary import Summary
from upswell.store import deliveries
from upswell.store.deliveries import Delivery
from upswell.store.ledger import Ledger, forget_job, note_job

_LEASE = 600
_WAITS = (60, 300, 900, 3600)
_LATE = 900
_FIRST_SERVED: Mapping[type[Reported], str] = {Week: "first_served_at", Month: "first_served_monthly_at"}
_NAMED = 4


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one destination: ``text`` is one line that says it, ``ok`` is False where it failed."""

    destination: str
    ok: bool
    text: str


def note_serving(ledger: Ledger, now: int, posted: Collection[type[Reported]] = (Week,)) -> None:
    """Note that `upswell serve` starts at ``now`` and posts the reports on the kinds of period ``posted``.

    Nothing from before the first such start is ever posted; a report that is not posted begins anew once it is.
    What was given up for the last period is tried once more: whoever restarts it may have mended the cause.
    """
    with ledger.write() as connection:
        for kind, job in _FIRST_SERVED.items():
            if kind not in posted:
                forget_job(connection, job)
            elif ledger.job(job) is None:
                note_job(connection, job, now)
        deliveries.revive(connection, now)


def post_due(ledger: Ledger, config: Config, now: int, kind: type[Reported] = Week) -> list[Outcome]:
    """Post what is due at ``now`` (unix seconds UTC) of the weeks, or another ``kind`` of period, if that is posted.

    What failed is tried again when its time has come.
    """
    this_round = _Round(ledger, config, now)
    report = kind.report
    outcomes = []
    if found := due(now, ledger.job(_FIRST_SERVED[kind]), deliveries.periods(ledger, report), config.report, kind):
        outcomes += this_round.post(found.period, found.missed, this_round.late(found.period))
    for before in deliveries.waiting(ledger, report, now):
        if before.destination not in config.report.channels:
            continue
        if told := this_round.arrived(before):
            outcomes.append(told)
        elif claim := this_round.claim_again(before):
            outcomes.append(this_round.send(claim, before))
    return outcomes


def post_by_hand(ledger: Ledger, config: Config, period: Reported, now: int) -> list[Outcome]:
    """Post ``period`` at ``now`` (unix seconds UTC) wherever it was not yet; say of each channel what came of it.

    Raises UpswellError where the period is not over.
    """
    if now < period.end:
        over = words.moment(local(period.end, period.zone))
        raise UpswellError(f"{period.name} is not over: it can be posted from {over}")
    this_round = _Round(ledger, config, now)
    outcomes = []
    if period.name not in deliveries.periods(ledger, period.report):
        outcomes = this_round.post(period, (), ())
    if this_round.was_silent(period):
        return [_silent(period)]
    done = {outcome.destination for outcome in outcomes}
    outcomes += [this_round.insist(period, channel) for channel in config.report.channels if channel not in done]
    return outcomes or [
        Outcome("ledger", ok=True, text=f"{period.name} is recorded; no channel is configured to post it to.")
    ]


@dataclass(frozen=True, slots=True)
class _Round:
    """One round of posting: at ``now``, from ``ledger``, as ``config`` says."""

    ledger: Ledger
    config: Config
    now: int

    def post(self, period: Reported, missed: Sequence[Reported], remarks: Sequence[str]) -> list[Outcome]:
        """Keep the summary of ``period`` and send it; an empty list where another process was faster."""
        summary = with_trend(self.ledger, summary_of(self.ledger, self.config, period, self.now), self.now)
        if missed:
            summary = replace(summary, notes=(_missed(missed), *summary.notes))
        if not missed and self._keeps_silent(summary):
            with self.ledger.write() as connection:
                return [_silent(period)] if deliveries.record(connection, summary, self.now) else []
        return [self.send(claim) for claim in self._open(summary, remarks)]

    def was_silent(self, period: Reported) -> bool:
        """Whether the kept summary of ``period`` was sent nowhere because nothing happened, and still need not be."""
        tried = any(deliveries.find(self.ledger, period, channel) for channel in CHANNELS)
        return not tried and self._keeps_silent(deliveries.recorded(self.ledger, period))

    def _keeps_silent(self, summary: Summary) -> bool:
        report = self.config.report
        return report.quiet == "silent" and bool(report.channels) and not sentences.has_news(summary)

    def _open(self, summary: Summary, remarks: Sequence[str]) -> list[Delivery]:
        """Keep the summary and claim every channel; an empty list where another process was faster."""
        with self.ledger.write() as connection:
            deliveries.supersede(connection, summary.period, self.now)
        wanted = [self._composed(summary, channel, remarks) for channel in self.config.report.channels]
        with self.ledger.write() as connection:
            if not deliveries.record(connection, summary, self.now):
                return []
            return [claimed for one in wanted if (claimed := self._claim(connection, one))]

    def claim_again(self, before: Delivery) -> Delivery | None:
        """Claim what was tried before; None where another process was faster."""
        period = self._period(before)
        summary = deliveries.recorded(self.ledger, period)
        remarks = (*((REPEAT,) if before.state == "claimed" else ()), *self.late(period))
        wanted = self._composed(summary, before.destination, remarks, before)
        with self.ledger.write() as connection:
            return self._claim(connection, wanted)

    def insist(self, period: Reported, channel: str) -> Outcome:
        """Send ``period`` to ``channel`` unless it was sent or is being sent."""
        before = deliveries.find(self.ledger, period, channel)
        if before and before.sent_at is not None:
            when = words.moment(local(before.sent_at, period.zone))
            said = f"{channel}: {period.name} was posted on {when} and is not sent again."
            return Outcome(channel, ok=True, text=said)
        busy = Outcome(channel, ok=True, text=f"{channel}: {period.name} is being posted by another process.")
        if before and before.is_being_sent(self.now):
            return busy
        if before and (told := self.arrived(before)):
            return told
        claimed = self.claim_again(before or _never_tried(period, channel))
        return self.send(claimed, before) if claimed else busy

    def send(self, claimed: Delivery, before: Delivery | None = None) -> Outcome:
        """Send what is claimed, and write down and return what came of it."""
        channel = CHANNELS[claimed.destination]
        failure = None
        try:
            channel.send(self.config, claimed.content, self.now)
        except DeliveryError as error:
            if error.unsure and (told := self.arrived(claimed)):
                return told
            failure, done = error, _failed(claimed, before, error, self.now)
        else:
            done = replace(claimed, state="sent", next_attempt_at=None, sent_at=self.now)
        done = replace(done, content=channel.kept(claimed.content, failure))
        with self.ledger.write() as connection:
            deliveries.settle(connection, done)
        return self._outcome(done)

    def arrived(self, before: Delivery) -> Outcome | None:
        """Write down, and say, that an attempt whose end nobody knew did arrive, where the channel can tell."""
        if before.state != "claimed":
            return None
        since = self._period(before).end
        channel = CHANNELS[before.destination]
        posted_at = channel.posted_at(self.config, before.content, since)
        if posted_at is None:
            return None
        content = channel.kept(before.content, None)
        done = replace(before, state="sent", next_attempt_at=None, sent_at=posted_at, error=None, content=content)
        with self.ledger.write() as connection:
            deliveries.settle(connection, done)
        text = f"{before.destination}: {before.period} is posted: the channel shows it, though no answer came."
        return Outcome(before.destination, ok=True, text=text)

    def late(self, period: Reported) -> tuple[str, ...]:
        """Return the remark on a late post, where it is one: of a report that was posted by itself at its time."""
        planned = post_at(period, self.config.report)
        since = self.ledger.job(_FIRST_SERVED[type(period)])
        if since is None or not since <= planned.timestamp() <= self.now - _LATE:
            return ()
        return (f"Posted late: it was due on {words.moment(planned)}.",)

    def _period(self, delivery: Delivery) -> Reported:
        return parse(delivery.period, self.config.report.timezone)

    def _composed(
        self, summary: Summary, channel: str, remarks: Sequence[str], before: Delivery | None = None
    ) -> Delivery:
        unsent = deliveries.unsent(self.ledger, summary.period, channel)
        remarks = (
            *remarks,
            *([f"Could not be posted here: {_listed(unsent, summary.period.word)}."] if unsent else ()),
        )
        content = CHANNELS[channel].compose(self.config, summary, remarks, before)
        return replace(before or _never_tried(summary.period, channel), content=content)

    def _claim(self, connection: sqlite3.Connection, wanted: Delivery) -> Delivery | None:
        """Claim ``wanted`` until the lease ends; whoever crashes meanwhile leaves it to be sent again then."""
        lease = self.now + _LEASE
        if not deliveries.claim(connection, wanted, lease_until=lease, now=self.now):
            return None
        return replace(wanted, state="claimed", attempts=wanted.attempts + 1, next_attempt_at=lease, error=None)

    def _outcome(self, done: Delivery) -> Outcome:
        if done.state == "sent":
            return Outcome(done.destination, ok=True, text=f"{done.destination}: {done.period} is posted.")
        again = "It is not tried again by itself."
        if done.next_attempt_at is not None:
            moment = words.moment(local(done.next_attempt_at, self.config.report.timezone))
            again = f"`upswell serve` tries again from {moment}."
        return Outcome(
            done.destination, ok=False, text=f"{done.destination}: {done.period} is not posted. {done.error}. {again}"
        )


def _failed(claimed: Delivery, before: Delivery | None, error: DeliveryError, now: int) -> Delivery:
    """Return the delivery after ``error``. One that may have arrived is repeated once, and not for ever."""
    wait = _WAITS[min(claimed.attempts, len(_WAITS)) - 1]
    state: str = "failed"
    again: int | None = now + wait
    if error.unsure:
        repeated = before is not None and before.state == "claimed"
        state, again = "claimed", None if repeated else again
    elif error.final:
        state, again = "gave_up", None
    return replace(claimed, state=state, next_attempt_at=again, error=str(error))


def _never_tried(period: Reported, channel: str) -> Delivery:
    return Delivery(
        report=period.report,
        period=period.name,
        destination=channel,
        state="failed",
        attempts=0,
        next_attempt_at=None,
        sent_at=None,
        error=None,
        content="",
    )


def _silent(period: Reported) -> Outcome:
    return Outcome(
        "ledger", ok=True, text=f'{period.name} was quiet: it is recorded and sent nowhere ([report] quiet = "silent").'
    )


def _missed(missed: Sequence[Reported]) -> str:
    named = _listed([period.name for period in missed], missed[0].word)
    return f"Upswell was not running when it was time for {named}."


def _listed(names: Sequence[str], word: str) -> str:
    """Name a few periods, or the first and the last of many."""
    if len(names) <= _NAMED:
        return ", ".join(names)
    return f"{names[0]} to {names[-1]} ({len(names)} {word}s)"
