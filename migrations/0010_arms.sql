-- What a comparison has to know of how an experiment came about.

-- Whether each repeat draws its own data; NULL (of an earlier version): where the specification says so.
ALTER TABLE experiments ADD COLUMN varies_data_seed INTEGER;
-- The label of its variant, NULL without; what is known of its rows (JSON object: where they come from, how many, what predicting without learning gives).
ALTER TABLE configs ADD COLUMN label TEXT;
ALTER TABLE configs ADD COLUMN data TEXT;

-- What was asked to be added, as it was sent.
CREATE TABLE extensions (
    experiment_id INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    number INTEGER NOT NULL, -- 1, 2, ...
    body TEXT NOT NULL, -- JSON
    PRIMARY KEY (experiment_id, number)
) WITHOUT ROWID;

-- Each look at test metrics: which question of how many completed runs. Asking the same again is the same look.
CREATE TABLE test_looks (
    experiment_id INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    question TEXT NOT NULL,
    n_completed INTEGER NOT NULL,
    PRIMARY KEY (experiment_id, question, n_completed)
) WITHOUT ROWID;

-- The arms of an experiment that has ended, for the metric of its question: what GET /experiments/{id}/comparison says without parameters.
CREATE TABLE arms (
    experiment_id INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    number INTEGER NOT NULL, -- by context, then best first
    metric TEXT NOT NULL,
    about TEXT NOT NULL, -- split, resplit, new_data
    label TEXT NOT NULL,
    treatment TEXT NOT NULL, -- JSON objects: the values of the fields of each role
    context TEXT NOT NULL,
    tuned TEXT, -- those of the config that validation chose, which is config_id; NULL: none
    config_id TEXT,
    n INTEGER NOT NULL,
    n_failed INTEGER NOT NULL,
    mean REAL, std REAL, ci_low REAL, ci_high REAL,
    difference REAL, difference_ci_low REAL, difference_ci_high REAL,
    n_pairs INTEGER, p_value REAL, p_adjusted REAL, minimum_detectable REAL, sign_flip_p REAL,
    pairs_better REAL, equivalence_p_adjusted REAL,
    verdict TEXT,
    PRIMARY KEY (experiment_id, number)
) WITHOUT ROWID;
