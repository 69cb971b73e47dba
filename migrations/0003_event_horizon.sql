-- The first event that has never been pruned: from there on, a listener that comes back misses nothing. Not the
-- least id that is there, since the events of a deleted experiment go with it. One row.
CREATE TABLE event_horizon (first_event INTEGER NOT NULL);
INSERT INTO event_horizon (first_event)
SELECT coalesce((SELECT min(id) FROM events), 1 + coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0));
