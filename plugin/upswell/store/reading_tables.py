"""The ledger's table of readings, as statements of SQL; see ``migrations``."""

READINGS = (
    """
    CREATE TABLE readings (              -- what meters and the merchant's app said of customers
        source TEXT NOT NULL,
        key TEXT NOT NULL,               -- the source's own: a second time it is the same reading
        customer TEXT NOT NULL,          -- the Stripe customer
        kind TEXT NOT NULL CHECK (kind IN ('usage', 'milestone')),
        name TEXT NOT NULL,              -- a meter, a price, a product, a lookup key, or the app's word
        label TEXT NOT NULL,             -- what people call it; '': the name
        at INTEGER NOT NULL,             -- unix seconds UTC
        units TEXT NOT NULL,             -- decimal: used since the period began
        included INTEGER,                -- NULL: not said
        period_start INTEGER,            -- unix seconds UTC
        period_end INTEGER,
        PRIMARY KEY (source, key)
    ) STRICT
    """,
    "CREATE INDEX readings_customer ON readings(customer, at)",
)
