-- An experiment as it was accepted, for the answer to a repeat of its submission: extensions change these numbers. NULL: as now.
ALTER TABLE experiments ADD COLUMN accepted_runs INTEGER;
ALTER TABLE experiments ADD COLUMN accepted_configs INTEGER;
ALTER TABLE experiments ADD COLUMN accepted_baseline TEXT;
