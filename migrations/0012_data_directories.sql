-- The data directories that this database has written to. Each of them keeps the same token for it, which changes with every start: a directory
-- whose token is another has been written to by a copy of this database since.
CREATE TABLE data_directories (
    claim TEXT PRIMARY KEY, -- what the directory calls its side of it
    token TEXT NOT NULL,
    path TEXT NOT NULL,
    used_at TEXT NOT NULL
);
