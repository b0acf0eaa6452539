"""The ledger's tables. A change of schema is a new function below, never an edit of an old one."""

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from upswell.store.outbox_tables import OUTBOX
from upswell.store.reading_tables import READINGS
from upswell.store.signal_tables import SIGNALS
from upswell.store.tables import CATALOGUE, TABLES
from upswell.store.track_tables import TRACKS, fill
from upswell.store.views import VIEWS

migrations = Migrations("upswell")


@migrations()
def create_tables(db: Database) -> None:
    """Create every table of the first version."""
    for statement in TABLES:
        db.execute(statement)


@migrations()
def create_views(db: Database) -> None:
    """Create the views that the reference documents, for whoever reads the file with other tools."""
    for name, query in VIEWS.items():
        db.execute(f"CREATE VIEW {name} AS {query}")


# What plans would bring, and is not counted: the columns that movements had in the first version.
_SCHEDULED = next(made for made in TABLES if "TABLE movements" in made).replace("TABLE movements", "TABLE scheduled")

_PLANS = (
    CATALOGUE.format(name="schedules"),
    "CREATE INDEX schedules_customer ON schedules(json_extract(value, '$.customer'))",
    _SCHEDULED,
    "CREATE UNIQUE INDEX scheduled_customer ON scheduled(customer, step)",
    """
    CREATE TABLE overtaken (             -- movements booked ahead that do not come where the plans are kept
        movement TEXT PRIMARY KEY,
        customer TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX overtaken_customer ON overtaken(customer)",
    """
    CREATE VIEW ahead AS
        SELECT occurred_at AS at, customer, coalesce(name, customer) AS name, kind, amount, currency, reason FROM (
            SELECT occurred_at, customer, kind, amount, currency, reason, step FROM scheduled
            UNION ALL
            SELECT occurred_at, customer, kind, amount, currency, reason, step FROM movements
            WHERE id NOT IN (SELECT movement FROM overtaken)
        ) LEFT JOIN customer_names USING (customer)
        WHERE occurred_at > strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
        ORDER BY occurred_at, customer, step
    """,
)


@migrations()
def create_plans(db: Database) -> None:
    """Create the tables of subscription schedules and of what is scheduled, and make them from what is known.

    Events of schedules that came before were kept without being read: they are applied now. Who had a subscription
    that was to end is rebuilt.
    """
    for statement in _PLANS:
        db.execute(statement)
    db.execute(
        "UPDATE events SET state = 'received' WHERE type GLOB 'subscription_schedule.*' AND state = 'applied'",
    )
    db.execute(
        "INSERT OR IGNORE INTO stale(account) SELECT DISTINCT account FROM accounts JOIN history USING (customer)"
        " WHERE json_extract(after, '$.cancel_at') IS NOT NULL OR json_extract(after, '$.cancel_at_period_end')"
    )


_PAST = (
    """
    CREATE TABLE snapshots (             -- what Stripe's list of subscriptions showed
        subscription TEXT NOT NULL,
        customer TEXT NOT NULL,
        at INTEGER NOT NULL,             -- first asked, unix seconds UTC
        seen INTEGER NOT NULL,           -- last asked and found the same
        value TEXT NOT NULL,             -- JSON
        PRIMARY KEY (subscription, at)
    ) STRICT
    """,
    "CREATE INDEX snapshots_customer ON snapshots(customer)",
    "ALTER TABLE usage ADD COLUMN price TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE usage ADD COLUMN quantity INTEGER",
    "ALTER TABLE usage ADD COLUMN proration INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE usage ADD COLUMN discounts TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE usage ADD COLUMN off TEXT NOT NULL DEFAULT '[]'",
)


@migrations()
def keep_the_past(db: Database) -> None:
    """Keep what lists show of subscriptions, and all that invoice lines say of them."""
    for statement in _PAST:
        db.execute(statement)


@migrations()
def ask_for_coupons(db: Database) -> None:
    """Keep which coupons Stripe is to be asked for; those of every discount that is known, at first."""
    db.execute("CREATE TABLE unexpanded (coupon TEXT PRIMARY KEY, asked INTEGER NOT NULL) STRICT")
    db.execute("CREATE INDEX unexpanded_open ON unexpanded(coupon) WHERE asked = 0")
    db.execute(
        "INSERT OR IGNORE INTO unexpanded"
        " SELECT coalesce(json_extract(value, '$.coupon.id'), json_extract(value, '$.coupon')), 0 FROM discounts"
    )


@migrations()
def remember_the_forgotten(db: Database) -> None:
    """Create the table of who is forgotten, by id alone; and an index by which ignored events are counted."""
    db.execute("CREATE INDEX events_ignored ON events(state) WHERE state = 'ignored'")
    db.execute(
        """
        CREATE TABLE forgotten (
            customer TEXT PRIMARY KEY,       -- the Stripe customer's id
            pseudonym TEXT NOT NULL,         -- stands in place of the name
            account_key TEXT,                -- the metadata key whose value is replaced by the pseudonym
            marks TEXT NOT NULL,             -- JSON: metadata keys of which only that they are there is kept
            forgotten_at INTEGER NOT NULL    -- unix seconds UTC
        ) STRICT
        """
    )


@migrations()
def remember_what_is_gone(db: Database) -> None:
    """Keep what Stripe was asked for and does not know any more."""
    db.execute("CREATE TABLE deleted (reference TEXT PRIMARY KEY) STRICT, WITHOUT ROWID")


@migrations()
def create_outbox(db: Database) -> None:
    """Create the tables of what is told at once."""
    for statement in OUTBOX:
        db.execute(statement)


@migrations()
def create_signals(db: Database) -> None:
    """Create the tables of signals; everybody is looked at for them."""
    for statement in SIGNALS:
        db.execute(statement)


@migrations()
def create_readings(db: Database) -> None:
    """Create the table of readings."""
    for statement in READINGS:
        db.execute(statement)


@migrations()
def create_tracks(db: Database) -> None:
    """Create the table of tracks, made of all movements that there are, and the index that periods are added up by."""
    for statement in TRACKS:
        db.execute(statement)
    fill(db.conn)


def names() -> frozenset[str]:
    """Return the names of all migrations that this version knows."""
    empty = Database(memory=True, execute_plugins=False)
    try:
        return frozenset(migration.name for migration in migrations.pending(empty))
    finally:
        empty.close()
