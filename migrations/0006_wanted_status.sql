-- What a user wants of a run that is running: 'paused' or 'cancelled', NULL for nothing. Its worker gets there at its next step; where the
-- program ends before, the next start does.
ALTER TABLE runs ADD COLUMN wanted_status TEXT;
