"""The ledger's tables. A change of schema is a new function below, never an edit of an old one."""

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from upswell.signal_tables import SIGNALS
from upswell.views import VIEWS

migrations = Migrations("upswell")

_CATALOGUE = """
CREATE TABLE {name} (
    id TEXT NOT NULL,
    at INTEGER NOT NULL,             -- unix seconds UTC from which the value holds
    event TEXT REFERENCES events(id),-- NULL: asked of Stripe's API
    value TEXT NOT NULL,             -- JSON
    UNIQUE (id, at, event)
) STRICT
"""

_TABLES = (
    """
    CREATE TABLE events (
        id TEXT PRIMARY KEY,
        type TEXT NOT NULL,
        created INTEGER NOT NULL,        -- unix seconds UTC, Stripe's clock
        livemode INTEGER NOT NULL,
        account TEXT,                    -- Connect account, where there is one
        api_version TEXT,
        body BLOB NOT NULL,              -- the raw bytes, zlib
        state TEXT NOT NULL CHECK (state IN ('received', 'applied', 'failed', 'ignored')),
        reason TEXT,                     -- why it failed, is ignored or waits
        waits_for TEXT,                  -- the Stripe id an event in state received waits for
        received_at INTEGER NOT NULL,    -- unix seconds UTC, our clock
        applied_at INTEGER
    ) STRICT
    """,
    "CREATE INDEX events_open ON events(state, created, id) WHERE state IN ('received', 'failed')",
    "CREATE INDEX events_waiting ON events(waits_for) WHERE waits_for IS NOT NULL",
    "CREATE INDEX events_received ON events(received_at)",
    *(_CATALOGUE.format(name=name) for name in ("customers", "products", "prices", "coupons", "discounts")),
    "CREATE INDEX prices_product ON prices(json_extract(value, '$.product'))",
    "CREATE INDEX discounts_customer ON discounts(json_extract(value, '$.customer'))",
    """
    CREATE TABLE accounts (              -- which customer of the summary a Stripe customer belongs to
        customer TEXT PRIMARY KEY,
        account TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX accounts_account ON accounts(account)",
    """
    CREATE TABLE history (               -- what each subscription looked like when
        subscription TEXT NOT NULL,
        customer TEXT NOT NULL,
        created INTEGER NOT NULL,        -- of the event, unix seconds UTC
        type TEXT NOT NULL,
        event TEXT NOT NULL REFERENCES events(id),
        source TEXT NOT NULL CHECK (source IN ('observed', 'reconstructed')),
        before TEXT,                     -- JSON; NULL where the event does not say
        after TEXT NOT NULL,             -- JSON
        PRIMARY KEY (subscription, created, event)
    ) STRICT
    """,
    "CREATE INDEX history_customer ON history(customer)",
    """
    CREATE TABLE usage (                 -- what finalized invoices billed
        invoice TEXT NOT NULL,
        line TEXT NOT NULL,              -- '' : the invoice itself
        subscription TEXT NOT NULL,
        customer TEXT NOT NULL,
        item TEXT NOT NULL,              -- '' : the invoice itself
        period_start INTEGER NOT NULL,
        period_end INTEGER NOT NULL,
        amount INTEGER NOT NULL,         -- minor units, before discounts and tax
        currency TEXT NOT NULL,
        billing_reason TEXT NOT NULL,
        invoiced_at INTEGER NOT NULL,    -- created, unix seconds UTC
        finalized_at INTEGER NOT NULL,
        voided INTEGER NOT NULL,
        said_at INTEGER NOT NULL,        -- created of the event that says so
        event TEXT REFERENCES events(id),
        PRIMARY KEY (invoice, line)
    ) STRICT
    """,
    "CREATE INDEX usage_customer ON usage(customer)",
    """
    CREATE TABLE mentions (              -- which Stripe customers a price, product, coupon or discount concerns
        reference TEXT NOT NULL,
        customer TEXT NOT NULL,
        PRIMARY KEY (reference, customer)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE stale (                 -- accounts whose movements must be rebuilt
        account TEXT PRIMARY KEY,
        reason TEXT                      -- why the last attempt failed
    ) STRICT
    """,
    """
    CREATE TABLE movements (
        id TEXT PRIMARY KEY,
        occurred_at TEXT NOT NULL,       -- ISO 8601, UTC
        customer TEXT NOT NULL,
        step INTEGER NOT NULL,           -- place among the customer's movements
        subscription TEXT NOT NULL,
        item TEXT NOT NULL,
        kind TEXT NOT NULL,
        driver TEXT NOT NULL,
        amount INTEGER NOT NULL,         -- minor units a month, signed
        currency TEXT NOT NULL,
        mrr_before INTEGER NOT NULL,
        mrr_after INTEGER NOT NULL,
        product_from TEXT,
        product_to TEXT,
        price_from TEXT,
        price_to TEXT,
        quantity_from INTEGER,
        quantity_to INTEGER,
        source TEXT NOT NULL,
        cause TEXT NOT NULL,
        origin TEXT NOT NULL,
        reason TEXT NOT NULL,
        CHECK (mrr_after - mrr_before = amount)
    ) STRICT
    """,
    "CREATE UNIQUE INDEX movements_customer ON movements(customer, step)",
    "CREATE INDEX movements_occurred_at ON movements(occurred_at, customer, step)",
    """
    CREATE TABLE summaries (             -- what was posted, as posted
        id INTEGER PRIMARY KEY,
        report TEXT NOT NULL,            -- weekly
        period TEXT NOT NULL,            -- 2026-W46
        made_at INTEGER NOT NULL,
        figures TEXT NOT NULL            -- JSON, as summary --format json
    ) STRICT
    """,
    "CREATE INDEX summaries_period ON summaries(report, period)",
    """
    CREATE TABLE deliveries (            -- one row a period and destination, claimed before it is sent
        report TEXT NOT NULL,
        period TEXT NOT NULL,
        destination TEXT NOT NULL,       -- slack, email
        state TEXT NOT NULL CHECK (state IN ('claimed', 'sent', 'failed', 'gave_up')),
        summary INTEGER NOT NULL REFERENCES summaries(id),
        attempts INTEGER NOT NULL,
        claimed_at INTEGER NOT NULL,     -- unix seconds UTC
        next_attempt_at INTEGER,
        sent_at INTEGER,
        error TEXT,
        content TEXT NOT NULL,           -- what was sent: JSON of the blocks, or the mail's text
        UNIQUE (report, period, destination)
    ) STRICT
    """,
    """
    CREATE TABLE jobs (                  -- cursors, last runs, what the ledger is bound to
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL              -- JSON
    ) STRICT
    """,
)


@migrations()
def create_tables(db: Database) -> None:
    """Create every table of the first version."""
    for statement in _TABLES:
        db.execute(statement)


@migrations()
def create_views(db: Database) -> None:
    """Create the views that the reference documents, for whoever reads the file with other tools."""
    for name, query in VIEWS.items():
        db.execute(f"CREATE VIEW {name} AS {query}")


# What plans would bring, and is not counted: the columns that movements had in the first version.
_SCHEDULED = next(made for made in _TABLES if "TABLE movements" in made).replace("TABLE movements", "TABLE scheduled")

_PLANS = (
    _CATALOGUE.format(name="schedules"),
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
def create_signals(db: Database) -> None:
    """Create the tables of signals; everybody is looked at for them."""
    for statement in SIGNALS:
        db.execute(statement)


def names() -> frozenset[str]:
    """Return the names of all migrations that this version knows."""
    empty = Database(memory=True, execute_plugins=False)
    try:
        return frozenset(migration.name for migration in migrations.pending(empty))
    finally:
        empty.close()
