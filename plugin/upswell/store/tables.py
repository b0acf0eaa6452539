"""The ledger's first tables, as statements of SQL; see ``migrations``, which alone says how they changed since."""

CATALOGUE = """
CREATE TABLE {name} (
    id TEXT NOT NULL,
    at INTEGER NOT NULL,             -- unix seconds UTC from which the value holds
    event TEXT REFERENCES events(id),-- NULL: asked of Stripe's API
    value TEXT NOT NULL,             -- JSON
    UNIQUE (id, at, event)
) STRICT
"""

TABLES = (
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
    *(CATALOGUE.format(name=name) for name in ("customers", "products", "prices", "coupons", "discounts")),
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
