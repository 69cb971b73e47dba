-- Which content of its data set a run was trained on: the SHA-256 that its provenance says. NULL: it was not started, or could not be.
ALTER TABLE runs ADD COLUMN data_sha256 TEXT;
UPDATE runs SET data_sha256 = json_extract(provenance, '$.data_sha256') WHERE json_valid(provenance);
