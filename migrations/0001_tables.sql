-- The tables. Times are RFC 3339 text in UTC with milliseconds; a number that is not finite is NULL.

CREATE TABLE schema_migrations (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    applied_at TEXT NOT NULL
);

-- One row per submitted specification. The n_... and epochs_... columns follow the runs by trigger.
CREATE TABLE experiments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    tags TEXT NOT NULL, -- JSON array of texts
    status TEXT NOT NULL, -- queued, running, paused, completed, failed, cancelled
    n_configs INTEGER NOT NULL,
    n_runs INTEGER NOT NULL DEFAULT 0,
    n_queued INTEGER NOT NULL DEFAULT 0,
    n_running INTEGER NOT NULL DEFAULT 0,
    n_paused INTEGER NOT NULL DEFAULT 0,
    n_completed INTEGER NOT NULL DEFAULT 0,
    n_failed INTEGER NOT NULL DEFAULT 0,
    n_cancelled INTEGER NOT NULL DEFAULT 0,
    epochs_planned INTEGER NOT NULL DEFAULT 0, -- of all runs
    epochs_done INTEGER NOT NULL DEFAULT 0, -- of them; a run that has ended counts as planned
    epochs_trained INTEGER NOT NULL DEFAULT 0,
    is_cancelled INTEGER NOT NULL DEFAULT 0, -- cancelled as a whole, not run by run
    baseline_config_id TEXT NOT NULL,
    idempotency_key TEXT UNIQUE,
    idempotency_digest TEXT,
    created_at TEXT NOT NULL,
    started_at TEXT,
    finished_at TEXT
);
CREATE INDEX experiments_status ON experiments (status);

-- Apart from `experiments`, whose rows are rewritten with every epoch, because it may be long.
CREATE TABLE experiment_specs (
    experiment_id INTEGER PRIMARY KEY REFERENCES experiments (id) ON DELETE CASCADE,
    spec TEXT NOT NULL -- JSON, as sent
);

-- One row per training: one configuration with one seed. Plain metrics are measured with the
-- selected weights, last_... at the last epoch, best_... at best_epoch.
CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment_id INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    config_id TEXT NOT NULL, -- the configuration without its seed, hashed
    seed INTEGER NOT NULL,
    data_seed INTEGER,
    status TEXT NOT NULL,
    stop_reason TEXT, -- finished, early_stopped, diverged, cancelled, error
    error TEXT,
    attempt INTEGER NOT NULL DEFAULT 0, -- how often it was started
    epoch INTEGER NOT NULL DEFAULT 0, -- the last one recorded
    epochs INTEGER NOT NULL, -- planned
    samples_per_second REAL,
    selected_weights TEXT, -- best, last, average
    created_at TEXT NOT NULL,
    started_at TEXT,
    finished_at TEXT,
    best_epoch INTEGER, selected_epoch INTEGER, train_loss REAL, train_accuracy REAL,
    val_loss REAL, val_accuracy REAL, train_rmse REAL, train_r2 REAL, val_rmse REAL,
    val_r2 REAL, penalty REAL, weight_norm REAL, test_loss REAL, test_accuracy REAL,
    test_rmse REAL, test_r2 REAL, test_ece REAL, test_brier REAL, generalization_gap REAL,
    mc_test_loss REAL, mc_test_accuracy REAL, mc_test_ece REAL, mc_test_rmse REAL,
    last_batch_loss REAL, last_train_loss REAL, last_train_accuracy REAL, last_val_loss REAL,
    last_val_accuracy REAL, last_train_rmse REAL, last_train_r2 REAL, last_val_rmse REAL,
    last_val_r2 REAL, last_penalty REAL, last_learning_rate REAL, last_gradient_norm REAL,
    last_gradient_noise REAL, last_weight_norm REAL, last_seconds REAL, best_batch_loss REAL,
    best_train_loss REAL, best_train_accuracy REAL, best_val_loss REAL, best_val_accuracy REAL,
    best_train_rmse REAL, best_train_r2 REAL, best_val_rmse REAL, best_val_r2 REAL,
    best_penalty REAL, best_learning_rate REAL, best_gradient_norm REAL,
    best_gradient_noise REAL, best_weight_norm REAL, best_seconds REAL,
    swept TEXT NOT NULL, -- JSON object: the swept fields of its configuration
    provenance TEXT, -- JSON object: program, BLAS, data set
    config TEXT NOT NULL -- JSON object: fully resolved
);
CREATE INDEX runs_experiment ON runs (experiment_id);
CREATE INDEX runs_cell ON runs (experiment_id, config_id, seed);
CREATE INDEX runs_config ON runs (config_id);
CREATE INDEX runs_status ON runs (status, experiment_id);

-- The learning curves.
CREATE TABLE epochs (
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    epoch INTEGER NOT NULL,
    step INTEGER NOT NULL,
    batch_loss REAL, train_loss REAL, train_accuracy REAL, val_loss REAL, val_accuracy REAL,
    train_rmse REAL, train_r2 REAL, val_rmse REAL, val_r2 REAL, penalty REAL,
    learning_rate REAL, gradient_norm REAL, gradient_noise REAL, weight_norm REAL,
    seconds REAL,
    PRIMARY KEY (run_id, epoch)
) WITHOUT ROWID;

-- Diagnostics of each hidden layer (0, 1, ...) and of the output layer, the last.
CREATE TABLE layers (
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    epoch INTEGER NOT NULL,
    layer INTEGER NOT NULL,
    weight_norm REAL,
    gradient_norm REAL,
    activation_mean REAL,
    activation_std REAL,
    sparsity REAL,
    dead_fraction REAL,
    coadaptation REAL,
    variance_shift REAL,
    effective_rank REAL,
    PRIMARY KEY (run_id, epoch, layer)
) WITHOUT ROWID;

-- What is known of a configuration over its seeds: n completed runs, n_failed failed ones; mean and
-- standard deviation (n - 1 in the denominator) of each final metric over the completed ones, NULL
-- where one of them does not have it. The configuration itself is that of run first_run_id;
-- its fields are columns of `config_fields`, which the program makes from its table of fields.
CREATE TABLE configs (
    experiment_id INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    config_id TEXT NOT NULL,
    first_run_id INTEGER NOT NULL,
    n INTEGER NOT NULL DEFAULT 0,
    n_failed INTEGER NOT NULL DEFAULT 0,
    mean_best_epoch REAL, std_best_epoch REAL, mean_selected_epoch REAL,
    std_selected_epoch REAL, mean_train_loss REAL, std_train_loss REAL,
    mean_train_accuracy REAL, std_train_accuracy REAL, mean_val_loss REAL, std_val_loss REAL,
    mean_val_accuracy REAL, std_val_accuracy REAL, mean_train_rmse REAL, std_train_rmse REAL,
    mean_train_r2 REAL, std_train_r2 REAL, mean_val_rmse REAL, std_val_rmse REAL,
    mean_val_r2 REAL, std_val_r2 REAL, mean_penalty REAL, std_penalty REAL,
    mean_weight_norm REAL, std_weight_norm REAL, mean_test_loss REAL, std_test_loss REAL,
    mean_test_accuracy REAL, std_test_accuracy REAL, mean_test_rmse REAL, std_test_rmse REAL,
    mean_test_r2 REAL, std_test_r2 REAL, mean_test_ece REAL, std_test_ece REAL,
    mean_test_brier REAL, std_test_brier REAL, mean_generalization_gap REAL,
    std_generalization_gap REAL, mean_mc_test_loss REAL, std_mc_test_loss REAL,
    mean_mc_test_accuracy REAL, std_mc_test_accuracy REAL, mean_mc_test_ece REAL,
    std_mc_test_ece REAL, mean_mc_test_rmse REAL, std_mc_test_rmse REAL,
    mean_last_batch_loss REAL, std_last_batch_loss REAL, mean_last_train_loss REAL,
    std_last_train_loss REAL, mean_last_train_accuracy REAL, std_last_train_accuracy REAL,
    mean_last_val_loss REAL, std_last_val_loss REAL, mean_last_val_accuracy REAL,
    std_last_val_accuracy REAL, mean_last_train_rmse REAL, std_last_train_rmse REAL,
    mean_last_train_r2 REAL, std_last_train_r2 REAL, mean_last_val_rmse REAL,
    std_last_val_rmse REAL, mean_last_val_r2 REAL, std_last_val_r2 REAL,
    mean_last_penalty REAL, std_last_penalty REAL, mean_last_learning_rate REAL,
    std_last_learning_rate REAL, mean_last_gradient_norm REAL, std_last_gradient_norm REAL,
    mean_last_gradient_noise REAL, std_last_gradient_noise REAL, mean_last_weight_norm REAL,
    std_last_weight_norm REAL, mean_last_seconds REAL, std_last_seconds REAL,
    mean_best_batch_loss REAL, std_best_batch_loss REAL, mean_best_train_loss REAL,
    std_best_train_loss REAL, mean_best_train_accuracy REAL, std_best_train_accuracy REAL,
    mean_best_val_loss REAL, std_best_val_loss REAL, mean_best_val_accuracy REAL,
    std_best_val_accuracy REAL, mean_best_train_rmse REAL, std_best_train_rmse REAL,
    mean_best_train_r2 REAL, std_best_train_r2 REAL, mean_best_val_rmse REAL,
    std_best_val_rmse REAL, mean_best_val_r2 REAL, std_best_val_r2 REAL,
    mean_best_penalty REAL, std_best_penalty REAL, mean_best_learning_rate REAL,
    std_best_learning_rate REAL, mean_best_gradient_norm REAL, std_best_gradient_norm REAL,
    mean_best_gradient_noise REAL, std_best_gradient_noise REAL, mean_best_weight_norm REAL,
    std_best_weight_norm REAL, mean_best_seconds REAL, std_best_seconds REAL,
    PRIMARY KEY (experiment_id, config_id)
) WITHOUT ROWID;

CREATE TABLE datasets (
    name TEXT PRIMARY KEY,
    sha256 TEXT NOT NULL,
    task TEXT NOT NULL,
    n_train INTEGER NOT NULL,
    n_validation INTEGER NOT NULL,
    n_test INTEGER NOT NULL,
    inputs INTEGER NOT NULL,
    outputs INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    built_in INTEGER NOT NULL,
    created_at TEXT
);

-- What was told to listeners, for those that come back: the last 200,000. The values of an epoch
-- are in `epochs`.
CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL, -- epoch, run, experiment
    experiment_id INTEGER NOT NULL,
    run_id INTEGER NOT NULL, -- 0: of the experiment
    epoch INTEGER NOT NULL,
    status TEXT,
    stop_reason TEXT,
    n_queued INTEGER,
    n_running INTEGER,
    n_paused INTEGER,
    n_completed INTEGER,
    n_failed INTEGER,
    n_cancelled INTEGER,
    progress REAL
);

CREATE TRIGGER runs_counted AFTER UPDATE OF status, epoch ON runs
WHEN new.status <> old.status OR new.epoch <> old.epoch
BEGIN
    UPDATE experiments SET
        n_queued = n_queued + (new.status = 'queued') - (old.status = 'queued'),
        n_running = n_running + (new.status = 'running') - (old.status = 'running'),
        n_paused = n_paused + (new.status = 'paused') - (old.status = 'paused'),
        n_completed = n_completed + (new.status = 'completed') - (old.status = 'completed'),
        n_failed = n_failed + (new.status = 'failed') - (old.status = 'failed'),
        n_cancelled = n_cancelled + (new.status = 'cancelled') - (old.status = 'cancelled'),
        epochs_done = epochs_done
            + CASE WHEN new.status IN ('completed', 'failed', 'cancelled')
                   THEN new.epochs ELSE new.epoch END
            - CASE WHEN old.status IN ('completed', 'failed', 'cancelled')
                   THEN old.epochs ELSE old.epoch END,
        epochs_trained = epochs_trained + new.epoch - old.epoch
    WHERE id = new.experiment_id;
END;

CREATE TRIGGER runs_failures_counted AFTER UPDATE OF status ON runs
WHEN (new.status = 'failed') <> (old.status = 'failed')
BEGIN
    UPDATE configs SET n_failed = n_failed + (new.status = 'failed') - (old.status = 'failed')
    WHERE experiment_id = new.experiment_id AND config_id = new.config_id;
END;
