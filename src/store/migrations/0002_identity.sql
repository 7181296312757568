-- What a post's text is recognised by; null where there is none, zeros where an older version saw it last.
ALTER TABLE seen ADD COLUMN text BLOB CHECK (text IS NULL OR length(text) = 16);
UPDATE seen SET text = zeroblob(16);

-- What was there at the baseline and could not be read, until it can or goes.
CREATE TABLE unread (
    path TEXT PRIMARY KEY NOT NULL
) STRICT, WITHOUT ROWID;

-- When each feed changed last, and what it showed then: 8 bytes a post.
CREATE TABLE feed (
    path    TEXT PRIMARY KEY NOT NULL,
    updated INTEGER NOT NULL,
    members BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Which path a term's feeds have. A term that is gone keeps its own.
CREATE TABLE term_path (
    taxonomy TEXT NOT NULL,
    key      TEXT NOT NULL,
    slug     TEXT NOT NULL,
    PRIMARY KEY (taxonomy, key)
) STRICT, WITHOUT ROWID;

-- The posts that feeds show, for the day on which one of their files breaks. Text is deflated; null where there was no room.
CREATE TABLE last_good (
    key      TEXT PRIMARY KEY NOT NULL,
    path     TEXT NOT NULL,
    revision BLOB NOT NULL CHECK (length(revision) = 16),
    url      TEXT NOT NULL,
    post     TEXT NOT NULL,
    body     BLOB,
    version  TEXT NOT NULL
) STRICT;
