"""The ledger's tables of signals, as statements of SQL; see ``migrations``."""

SIGNALS = (
    """
    CREATE TABLE signals (               -- which customers are ready for more, and why
        id TEXT PRIMARY KEY,
        customer TEXT NOT NULL,
        signal TEXT NOT NULL,
        subject TEXT NOT NULL,           -- what it is about: an item, a subscription, a product, a discount
        evidence TEXT NOT NULL,          -- as of the last look, or of when it was cleared
        points INTEGER NOT NULL,         -- its part of the score
        score INTEGER NOT NULL CHECK (score BETWEEN 0 AND 100), -- the customer's
        raised_at INTEGER NOT NULL,      -- unix seconds UTC
        cleared_at INTEGER,              -- NULL: it stands
        cleared_because TEXT
    ) STRICT
    """,
    "CREATE UNIQUE INDEX signals_standing ON signals(customer, signal, subject) WHERE cleared_at IS NULL",
    "CREATE INDEX signals_customer ON signals(customer)",
    "CREATE INDEX signals_raised_at ON signals(raised_at)",
    "CREATE INDEX signals_cleared_at ON signals(cleared_at) WHERE cleared_at IS NOT NULL",
    """
    CREATE TABLE looks (                 -- when a customer is to be looked at for signals
        customer TEXT PRIMARY KEY,
        due INTEGER                      -- unix seconds UTC; 0: something changed; NULL: not before something does
    ) STRICT
    """,
    "CREATE INDEX looks_due ON looks(due) WHERE due IS NOT NULL",
    "INSERT INTO looks SELECT DISTINCT account, 0 FROM accounts",
)
"""Everybody is looked at once, whatever was there before."""
