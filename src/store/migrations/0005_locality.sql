-- Whether news about a post was sent is found by the post's events: an index that does not change when a delivery does.
DROP INDEX delivery_unsent;
ALTER TABLE delivery DROP COLUMN post_key;
CREATE INDEX event_post ON event (post_key) WHERE post_key IS NOT NULL;
