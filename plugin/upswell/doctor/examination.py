"""What ``upswell doctor`` looks at: each finding is well, or names its remedy. No finding shows a secret."""

from collections.abc import Iterator

from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.answers.audit import audit
from upswell.configuration.settings import Config
from upswell.configuration.times import next_run
from upswell.doctor.finding import Finding, age
from upswell.doctor.metered import metered
from upswell.doctor.outgoing import outgoing
from upswell.doctor.surroundings import surroundings
from upswell.errors import LedgerError
from upswell.fetching.catchup import standing, told_gap
from upswell.fetching.course import finished_at
from upswell.intake.rebuild import Progress, may_be_changed_back
from upswell.report.periods import parse
from upswell.store import deliveries
from upswell.store.backlog import backlog
from upswell.store.events import counts
from upswell.store.ledger import Ledger
from upswell.store.undeclared import undeclared
from upswell.store.unexpanded import unexpanded
from upswell.store.verdicts import verdict

_SAMPLE = 200
_STALE_SECONDS = 20 * 86_400
_MOST = 3
_MENDED = ((3, 44, 6), (3, 50, 7), (3, 51, 3))


def findings(
    config: Config, now: int, *, thorough: bool = False, progress: Progress | None = None
) -> Iterator[Finding]:
    """Look at all that ``upswell serve`` needs, as it is at ``now`` (unix seconds UTC).

    ``thorough`` rebuilds every customer for comparison, not a sample; ``progress`` is told how far that is.
    """
    yield Finding("configuration", well=True, text=str(config.path or "the defaults, for there is no config.toml here"))
    yield _sqlite(sqlite3.sqlite_version_info)
    yield _api_key(config)
    yield _webhook_secret(config)
    yield _channels(config)
    yield _login(config)
    yield _next(config, now)
    yield from surroundings(config)
    yield from _ledger(config, now, None if thorough else _SAMPLE, progress or (lambda _done, _whole: None))


def _next(config: Config, now: int) -> Finding:
    week, *month = (f"{next_run(now, config.report, kind):%A %Y-%m-%d %H:%M %Z}" for kind in config.report.posted)
    return Finding("next summary", well=True, text=week + "".join(f"; of the month {moment}" for moment in month))


def _sqlite(version: tuple[int, ...]) -> Finding:
    named = ".".join(map(str, version))
    mended = version > max(_MENDED) or any(version[:2] == first[:2] and version >= first for first in _MENDED)
    note = (
        "; releases before 3.51.3 (3.50.7, 3.44.6) can, very rarely, damage a file that two processes tidy at once: "
        "Upswell lets only one, let no other tool write the ledger"
    )
    return Finding("SQLite", well=True, text=named if mended else named + note)


def _api_key(config: Config) -> Finding:
    place = config.places["stripe.api_key"]
    if config.stripe.api_key is None:
        return Finding("Stripe key", well=False, text=f"missing: put an API key into {place}")
    return Finding("Stripe key", well=True, text=f"in {place}")


def _webhook_secret(config: Config) -> Finding:
    place = config.places["stripe.webhook_secret"]
    if not config.stripe.webhooks:
        return Finding("webhook secret", well=True, text="not needed: webhooks = false under [stripe]")
    if not config.stripe.webhook_secrets:
        return Finding("webhook secret", well=False, text=f"missing: `upswell connect URL` makes one, for {place}")
    return Finding("webhook secret", well=True, text=f"{len(config.stripe.webhook_secrets)} in {place}")


def _channels(config: Config) -> Finding:
    if config.report.channels:
        words = " and ".join(f"{kind.word}s" for kind in config.report.posted)
        quiet = f"; quiet {words} are sent nowhere" if config.report.quiet == "silent" else ""
        return Finding("channels", well=True, text=", ".join(config.report.channels) + quiet)
    place = config.places["slack.webhook_url"]
    return Finding("channels", well=True, text=f"none, summaries are only recorded: fill {place}, or [email]")


def _login(config: Config) -> Finding:
    email = config.email
    if email and email.username and email.password is None:
        place = config.places["email.password"]
        return Finding("email login", well=False, text=f"[email] username is given, the password is not: fill {place}")
    return Finding("email login", well=True, text="complete" if email and email.username else "none")


def _ledger(config: Config, now: int, sample: int | None, progress: Progress) -> Iterator[Finding]:
    try:
        with Ledger(config.ledger.path) as ledger:
            yield _integrity(ledger)
            yield _mode(ledger, config)
            yield _last_event(ledger, config, now)
            yield _catch_up(ledger, config, now)
            yield _reconciled(ledger, now)
            yield from metered(ledger, now)
            yield _history(ledger, now)
            yield _backlog(ledger)
            yield _posts(ledger, config, now)
            yield from outgoing(ledger, config)
            yield _coupons(ledger, config)
            yield _families(ledger, config)
            yield _movements(ledger, config, sample, progress)
    except LedgerError as error:
        yield Finding("ledger", well=False, text=str(error))
    except sqlite3.DatabaseError as error:
        yield Finding("ledger", well=False, text=f"{config.ledger.path} is damaged ({error}): restore a backup")


def _integrity(ledger: Ledger) -> Finding:
    (answer,) = ledger.connection.execute("PRAGMA quick_check(1)").fetchone()
    if answer == "ok":
        return Finding("ledger", well=True, text=str(ledger.path))
    return Finding("ledger", well=False, text=f"{ledger.path} is damaged ({answer}): restore a backup")


def _mode(ledger: Ledger, config: Config) -> Finding:
    bound, key = ledger.job("bound_to"), config.stripe.api_key
    if bound is None:
        return Finding("mode", well=True, text="not known before the first event")
    held = "live" if bound["livemode"] else "test"
    if key and ("_live_" if held == "test" else "_test_") in key.reveal():
        return Finding(
            "mode", well=False, text=f"the ledger holds {held} mode, the Stripe key is of the other: change one"
        )
    return Finding("mode", well=True, text=held)


def _last_event(ledger: Ledger, config: Config, now: int) -> Finding:
    last = counts(ledger).last_event_at
    if last is None:
        if not config.stripe.webhooks:
            return Finding("last event", well=False, text="none has come: `upswell serve` asks Stripe for them")
        address = config.server.public_url or "https://YOUR-ADDRESS"
        remedy = f"`upswell connect {address}` makes the webhook endpoint, `upswell replay FILE` takes in recorded ones"
        return Finding("last event", well=False, text=f"none has come: {remedy}")
    return Finding("last event", well=True, text=f"{age(now - last)} ago")


def _catch_up(ledger: Ledger, config: Config, now: int) -> Finding:
    held = standing(ledger)
    last = f"{age(now - held.at)} ago; it brought {held.new:,} events" if held.at else None
    text = last or "not yet: `upswell serve` does it"
    if config.stripe.api_key is None:
        return Finding("catch-up", well=True, text="not without a Stripe key")
    if held.gap:
        return Finding("catch-up", well=False, text=told_gap(held.gap))
    if held.trouble and held.failed_at:
        return Finding("catch-up", well=False, text=f"failed {age(now - held.failed_at)} ago ({held.trouble}); {text}")
    if held.at and now - held.at > _STALE_SECONDS:
        return Finding("catch-up", well=False, text=f"{text}: start `upswell serve`, for Stripe keeps events 30 days")
    return Finding("catch-up", well=True, text=text)


def _reconciled(ledger: Ledger, now: int) -> Finding:
    found = verdict(ledger)
    if found.trouble and found.failed_at:
        ago = age(now - found.failed_at)
        return Finding("reconciled", well=False, text=f"not {ago} ago ({found.trouble}): try `upswell reconcile`")
    if found.at is None or found.differences is None:
        return Finding("reconciled", well=True, text="not yet: `upswell serve` does it at night, with a Stripe key")
    ago = age(now - found.at)
    text = f"{found.differences:,} of {found.looked_at:,} subscriptions differ from Stripe's, {ago} ago"
    remedy = ": `upswell reconcile` says in what and why, and `--heal` closes it"
    return Finding("reconciled", well=not found.differences, text=text + (remedy if found.differences else ""))


def _history(ledger: Ledger, now: int) -> Finding:
    if backlog(ledger).unread:
        return Finding("history", well=False, text="a backfill is not finished: `upswell backfill` goes on with it")
    if (done := finished_at(ledger)) is None:
        text = "what events told; `upswell backfill` reads all that Stripe knows"
        return Finding("history", well=True, text=text)
    return Finding("history", well=True, text=f"read from Stripe {age(now - done)} ago")


def _backlog(ledger: Ledger) -> Finding:
    waiting = backlog(ledger)
    if waiting.failed:
        reasons = "; ".join(waiting.reasons)
        return Finding("applied", well=False, text=f"{waiting.failed} failed: {reasons}. Then run `upswell retry`")
    if waiting.pending:
        missing = ", ".join(reference for reference, _ in waiting.missing)
        remedy = f"waiting for {missing}: replay the events that carry it, or set a Stripe key" if missing else ""
        return Finding("applied", well=False, text=f"{waiting.pending} to do. {remedy or 'Run `upswell retry`'}")
    return Finding("applied", well=True, text="everything")


def _posts(ledger: Ledger, config: Config, now: int) -> Finding:
    """How the last summary, and the last of a month, reached each destination."""
    found = deliveries.latest(ledger)
    told = [
        f"{one.destination} has had {one.period}, {age(now - one.sent_at)} ago"
        if one.sent_at is not None
        else f"{one.destination} has not had {one.period} ({one.error or 'it is being sent'})"
        for one in found
    ]
    broken = [one for one in found if one.sent_at is None and not one.is_being_sent(now)]
    if broken:
        periods = {parse(one.period, config.report.timezone) for one in broken}
        wanted = sorted(f"`upswell summary --{period.word} {period.name} --post`" for period in periods)
        return Finding("last summary", well=False, text=f"{'; '.join(told)}. mend that, then {' and '.join(wanted)}")
    told += [f"{recorded} was recorded and sent nowhere" for recorded in deliveries.last_unsent(ledger)]
    return Finding("last summary", well=True, text="; ".join(told) or "none was posted yet")


def _coupons(ledger: Ledger, config: Config) -> Finding:
    """Advice and no fault: most coupons are for all products."""
    many = len(unexpanded(ledger))
    if not many:
        return Finding("coupons", well=True, text="all known whole")
    remedy = "" if config.stripe.api_key else "; with a Stripe key, Upswell asks for the rest"
    text = f"{many} as far as events tell, which leave out the products that a coupon is for{remedy}"
    return Finding("coupons", well=True, text=text)


def _families(ledger: Ledger, config: Config) -> Finding:
    """Advice and no fault: such prices may well be plans, which is what they are taken for."""
    found = undeclared(ledger, config.rules)
    if not found:
        return Finding("plan families", well=True, text="none missing")
    rest = len(found) - _MOST
    named = "; ".join(found[:_MOST]) + (f"; and {rest} more" if rest > 0 else "")
    remedy = "[rules.families] or metadata.upswell_plan would say which are one plan, so that a rise is told apart"
    return Finding("plan families", well=True, text=f"several active prices: {named}; {remedy}")


def _movements(ledger: Ledger, config: Config, sample: int | None, progress: Progress) -> Finding:
    if may_be_changed_back(ledger, config.rules):
        remedy = "run `upswell reclassify --dry-run` to see what changes, then `upswell reclassify`"
        return Finding(
            "movements", well=False, text=f"they were made under other rules than the configuration's: {remedy}"
        )
    found = audit(ledger, config.rules, sample, progress)
    if not found.faults:
        text = f"{found.added_up} customers add up; {found.rebuilt} rebuilt, and the same"
        return Finding("movements", well=True, text=text)
    rest = len(found.faults) - _MOST
    more = f"; and {rest} more" if rest > 0 else ""
    named = "; ".join(found.faults[:_MOST])
    return Finding("movements", well=False, text=f"{named}{more}. Run `upswell reclassify`, which rebuilds all")
