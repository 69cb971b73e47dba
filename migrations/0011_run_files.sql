-- What the content of a run's model and of its last checkpoint must be, in a file or in a row of models. NULL: there is
-- none, or it is a file of an older version that has not been taken in yet.
ALTER TABLE runs ADD COLUMN model_sha256 TEXT;
ALTER TABLE runs ADD COLUMN model_bytes INTEGER;
ALTER TABLE runs ADD COLUMN checkpoint_sha256 TEXT;
ALTER TABLE runs ADD COLUMN checkpoint_bytes INTEGER;
UPDATE runs SET
    model_sha256 = (SELECT content_sha256(model) FROM models WHERE run_id = runs.id),
    model_bytes = (SELECT length(model) FROM models WHERE run_id = runs.id)
WHERE id IN (SELECT run_id FROM models);

-- What a run went on from is of no use once it has ended.
CREATE TRIGGER runs_ended AFTER UPDATE OF status ON runs
WHEN new.status IN ('completed', 'failed', 'cancelled') AND new.checkpoint_sha256 IS NOT NULL
BEGIN
    UPDATE runs SET checkpoint_sha256 = NULL, checkpoint_bytes = NULL WHERE id = new.id;
END;
