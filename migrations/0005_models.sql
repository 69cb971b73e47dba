-- Small models. A row is on disk by the sync that its run's end needs anyway, a file would need one of its own; larger
-- models are files of the data directory.
CREATE TABLE models (
    run_id INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    model BLOB NOT NULL -- a whole safetensors file
);
