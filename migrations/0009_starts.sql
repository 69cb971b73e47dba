-- How often the database has been opened to be written: what tells a lease on a run from one that was given before a restart.
ALTER TABLE identity ADD COLUMN starts INTEGER NOT NULL DEFAULT 0;
