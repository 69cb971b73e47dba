-- Tells this database from others that keep their files in the same data directory. One row.
CREATE TABLE identity (id TEXT NOT NULL);
INSERT INTO identity (id) VALUES (lower(hex(randomblob(6))));
