"""The tables of what is told at once: whom to look at, what was told, and what is on its way to whom."""

OUTBOX = (
    """
    CREATE TABLE watched (               -- customers whose movements are to be looked at, and from when
        customer TEXT PRIMARY KEY,
        at INTEGER NOT NULL              -- unix seconds UTC; 0: they have changed
    ) STRICT
    """,
    "CREATE INDEX watched_at ON watched(at)",
    """
    CREATE TABLE told (                  -- movements that were announced, as they were last told
        movement TEXT PRIMARY KEY,
        customer TEXT NOT NULL,
        occurred_at INTEGER NOT NULL,    -- unix seconds UTC
        said TEXT,                       -- JSON; NULL: told that it is gone
        times INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX told_customer ON told(customer)",
    "CREATE INDEX told_occurred_at ON told(occurred_at)",
    """
    CREATE TABLE notices (               -- what is told, whoever it goes to; without names
        id TEXT PRIMARY KEY,
        type TEXT NOT NULL,
        customer TEXT NOT NULL,
        made_at INTEGER NOT NULL,        -- unix seconds UTC
        said TEXT NOT NULL               -- JSON
    ) STRICT
    """,
    "CREATE INDEX notices_customer ON notices(customer)",
    "CREATE INDEX notices_made_at ON notices(made_at)",
    """
    CREATE TABLE notice_deliveries (     -- one row a notice and destination, claimed before it is sent
        notice TEXT NOT NULL REFERENCES notices(id) ON DELETE CASCADE,
        destination TEXT NOT NULL,       -- hook:NAME, slack, email
        state TEXT NOT NULL CHECK (state IN ('waiting', 'claimed', 'sent', 'gave_up')),
        attempts INTEGER NOT NULL,
        next_attempt_at INTEGER,         -- unix seconds UTC; of a claim: when its lease ends
        sent_at INTEGER,
        error TEXT,
        PRIMARY KEY (notice, destination)
    ) STRICT
    """,
    """
    CREATE INDEX notice_deliveries_open ON notice_deliveries(destination, next_attempt_at)
        WHERE state IN ('waiting', 'claimed')
    """,
    "CREATE INDEX notice_deliveries_dead ON notice_deliveries(destination) WHERE state = 'gave_up'",
)
