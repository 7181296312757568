-- Who is sent a document when it changes (WebSub), one row a document and callback.
-- `held` is the entity tag of the revision that the subscriber has, `owed` that of the newest one, if it is another: there
-- is never more than one to send.
CREATE TABLE subscription (
    id           INTEGER PRIMARY KEY,
    path         TEXT NOT NULL,
    topic        TEXT NOT NULL,
    callback     TEXT NOT NULL,
    host         TEXT NOT NULL,
    secret       TEXT,
    created_at   INTEGER NOT NULL,
    ends_at      INTEGER NOT NULL,
    held         TEXT,
    delivered_at INTEGER,
    owed         TEXT,
    due_at       INTEGER CHECK ((due_at IS NULL) = (owed IS NULL)),
    attempts     INTEGER NOT NULL DEFAULT 0,
    failures     INTEGER NOT NULL DEFAULT 0,
    last_error   TEXT,
    lease_until  INTEGER,
    lease_token  INTEGER NOT NULL DEFAULT 0,
    is_failing   INTEGER NOT NULL GENERATED ALWAYS AS (failures > 0) VIRTUAL,
    UNIQUE (path, callback)
) STRICT;

-- A claim reads these and no rows; `host` is there to pass by hosts that are busy.
CREATE INDEX subscription_due ON subscription (is_failing, due_at, id, host, lease_until, ends_at) WHERE owed IS NOT NULL;
CREATE INDEX subscription_host ON subscription (host, ends_at);
CREATE INDEX subscription_end ON subscription (ends_at);
CREATE INDEX subscription_leased ON subscription (lease_until) WHERE lease_until IS NOT NULL;

-- What a callback has yet to be asked or told: whether it wants to subscribe or unsubscribe, or that it cannot.
-- `etag` is the document's when the request came.
CREATE TABLE intent (
    id            INTEGER PRIMARY KEY,
    mode          TEXT NOT NULL CHECK (mode IN ('subscribe', 'unsubscribe', 'denied')),
    path          TEXT NOT NULL,
    topic         TEXT NOT NULL,
    callback      TEXT NOT NULL,
    host          TEXT NOT NULL,
    secret        TEXT,
    lease_seconds INTEGER NOT NULL,
    verify_token  TEXT,
    etag          TEXT,
    due_at        INTEGER NOT NULL,
    attempts      INTEGER NOT NULL DEFAULT 0,
    lease_until   INTEGER,
    lease_token   INTEGER NOT NULL DEFAULT 0,
    UNIQUE (path, callback, mode)
) STRICT;

CREATE INDEX intent_due ON intent (due_at, id, host, lease_until);
CREATE INDEX intent_host ON intent (host);
CREATE INDEX intent_leased ON intent (lease_until) WHERE lease_until IS NOT NULL;
