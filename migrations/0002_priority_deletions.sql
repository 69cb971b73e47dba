-- Queued runs of a higher priority start first: -10 ... 10.
ALTER TABLE experiments ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;

-- Experiments that were deleted and whose rows are still being removed, a slice at a time. Nothing but
-- that looks at them any more.
CREATE TABLE deletions (
    experiment_id INTEGER PRIMARY KEY,
    next_event INTEGER NOT NULL -- events below it have been looked at
);

-- Where repeats varied data_seed alone, it stood in the place of seed.
UPDATE runs SET seed = json_extract(config, '$.seed') WHERE seed <> json_extract(config, '$.seed');
