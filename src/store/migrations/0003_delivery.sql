-- The operator's pause. `failures` counts those in a row, `failing_since` is when the first of them began, `opens_at` is when
-- a breaker that is open lets one message through, `probes` counts those that failed, `rate_at` is when the next message may
-- go, and `sequence` is the last number given to a message of an ordered endpoint.
ALTER TABLE endpoint ADD COLUMN paused        INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1));
ALTER TABLE endpoint ADD COLUMN failing_since INTEGER;
ALTER TABLE endpoint ADD COLUMN opens_at      INTEGER;
ALTER TABLE endpoint ADD COLUMN probes        INTEGER NOT NULL DEFAULT 0;
ALTER TABLE endpoint ADD COLUMN rate_at       INTEGER;
ALTER TABLE endpoint ADD COLUMN sequence      INTEGER NOT NULL DEFAULT 0;

-- Why a delivery was given up or cancelled; its place among an ordered endpoint's messages, and the message in which it
-- stands with others (the first one's id): both from the first attempt on.
ALTER TABLE delivery ADD COLUMN reason   TEXT;
ALTER TABLE delivery ADD COLUMN sequence INTEGER;
ALTER TABLE delivery ADD COLUMN batch    INTEGER;
-- The event's: what is owed of one post is found by it.
ALTER TABLE delivery ADD COLUMN post_key TEXT;
UPDATE delivery SET post_key = (SELECT e.post_key FROM event e WHERE e.id = event_id) WHERE state = 'pending';

CREATE INDEX delivery_unsent ON delivery (post_key, endpoint) WHERE state = 'pending' AND post_key IS NOT NULL;
CREATE INDEX delivery_queue ON delivery (endpoint, id) WHERE state = 'pending';
CREATE INDEX delivery_batch ON delivery (endpoint, batch) WHERE state = 'pending' AND batch IS NOT NULL;
