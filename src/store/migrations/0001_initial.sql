-- Times are milliseconds since 1970, UTC.

PRAGMA application_id = 0x54444e47;

-- One row, once a scan was committed.
CREATE TABLE meta (
    id        INTEGER PRIMARY KEY CHECK (id = 1),
    last_scan INTEGER NOT NULL
) STRICT;

-- Posts that were live once; those that are gone are kept for their ids.
CREATE TABLE seen (
    key        TEXT PRIMARY KEY NOT NULL,
    path       TEXT NOT NULL,
    entry_id   TEXT NOT NULL,
    revision   BLOB NOT NULL CHECK (length(revision) = 16),
    changes    INTEGER NOT NULL,
    changed_at INTEGER,
    first_seen INTEGER NOT NULL,
    gone       INTEGER NOT NULL CHECK (gone IN (0, 1)),
    post       TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Validators of the documents that are visible.
CREATE TABLE document (
    path     TEXT PRIMARY KEY NOT NULL,
    etag     TEXT NOT NULL,
    modified INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What is told: only while somebody is or was owed it.
CREATE TABLE event (
    id        TEXT PRIMARY KEY NOT NULL,
    type      TEXT NOT NULL,
    post_key  TEXT,
    timestamp INTEGER NOT NULL,
    data      TEXT NOT NULL,
    html      TEXT
) STRICT;

-- The endpoints of the config.
CREATE TABLE endpoint (
    name            TEXT PRIMARY KEY NOT NULL,
    not_before      INTEGER,
    disabled        TEXT,
    failures        INTEGER NOT NULL DEFAULT 0,
    last_success_at INTEGER
) STRICT, WITHOUT ROWID;

-- One event owed to one endpoint. `id` grows in the order in which events were committed: the order of first attempts.
-- `endpoint` refers to no row: what became of a delivery is kept when its endpoint leaves the config.
CREATE TABLE delivery (
    id              INTEGER PRIMARY KEY,
    event_id        TEXT NOT NULL REFERENCES event (id),
    endpoint        TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'dead', 'cancelled')),
    created_at      INTEGER NOT NULL,
    due_at          INTEGER NOT NULL,
    lease_until     INTEGER CHECK (lease_until IS NULL OR state = 'pending'),
    lease_token     INTEGER NOT NULL DEFAULT 0,
    attempts        INTEGER NOT NULL DEFAULT 0,
    first_failed_at INTEGER,
    finished_at     INTEGER CHECK ((finished_at IS NULL) = (state = 'pending')),
    is_retry        INTEGER NOT NULL GENERATED ALWAYS AS (attempts > 0) VIRTUAL,
    UNIQUE (event_id, endpoint)
) STRICT;

-- A claim reads just the rows it takes, in order; history costs it nothing.
CREATE INDEX delivery_due ON delivery (endpoint, is_retry, due_at, id) WHERE state = 'pending';
CREATE INDEX delivery_leased ON delivery (endpoint, lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX delivery_dead ON delivery (endpoint) WHERE state = 'dead';
CREATE INDEX delivery_finished ON delivery (finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE attempt (
    id          INTEGER PRIMARY KEY,
    delivery_id INTEGER NOT NULL REFERENCES delivery (id) ON DELETE CASCADE,
    at          INTEGER NOT NULL,
    took_ms     INTEGER NOT NULL,
    status      INTEGER,
    error       TEXT,
    note        TEXT
) STRICT;

CREATE INDEX attempt_delivery ON attempt (delivery_id);
