/* metric_rows — the rows of METRICS[], for whoever defines METRIC_EPOCH_ROW, METRIC_END_ROW or both
 * and includes this: (id, name, unit, direction, tasks, part, what a run keeps, function, help).
 * A run keeps EPOCHS (last_..., best_...), SELECTED (its own name, of the selected weights), ALL of
 * them or NOTHING. The function is in core/spec/metric.c. Those per epoch are in the order of
 * curves.csv, after `epoch` and `step`. */
#ifndef METRIC_EPOCH_ROW
#define METRIC_EPOCH_ROW(...)
#endif
#ifndef METRIC_END_ROW
#define METRIC_END_ROW(...)
#endif
/* clang-format off */

METRIC_EPOCH_ROW(BATCH_LOSS, "batch_loss", LOSS_UNIT, LOWER, BOTH, STEPS, EPOCHS, batch_loss,
    "Mean over the epoch's samples of the loss as trained: with noise, masks and smoothed "
    "targets, without penalties.")
METRIC_EPOCH_ROW(TRAIN_LOSS, "train_loss", LOSS_UNIT, LOWER, BOTH, TRAIN, ALL, loss,
    "Loss on the training split in evaluation mode: cross-entropy -mean ln p(label), or the mean "
    "squared error of a regression.")
METRIC_EPOCH_ROW(TRAIN_ACCURACY, "train_accuracy", "fraction", HIGHER, CLASSES, TRAIN, ALL,
    accuracy,
    "Fraction of the training split whose most probable class is the label it is trained on, in "
    "evaluation mode.")
METRIC_EPOCH_ROW(VAL_LOSS, "val_loss", LOSS_UNIT, LOWER, BOTH, VALIDATION, ALL, loss,
    "Loss on the validation split: cross-entropy -mean ln p(label), or the mean squared error of "
    "a regression.")
METRIC_EPOCH_ROW(VAL_ACCURACY, "val_accuracy", "fraction", HIGHER, CLASSES, VALIDATION, ALL,
    accuracy,
    "Fraction of the validation split whose most probable class is right.")
METRIC_EPOCH_ROW(TRAIN_RMSE, "train_rmse", "target units", LOWER, NUMBERS, TRAIN, ALL, rmse,
    "Root of the mean squared error on the training split.")
METRIC_EPOCH_ROW(TRAIN_R2, "train_r2", "fraction", HIGHER, NUMBERS, TRAIN, ALL, r2,
    "Explained variance 1 - SS_res/SS_tot on the training split.")
METRIC_EPOCH_ROW(VAL_RMSE, "val_rmse", "target units", LOWER, NUMBERS, VALIDATION, ALL, rmse,
    "Root of the mean squared error on the validation split.")
METRIC_EPOCH_ROW(VAL_R2, "val_r2", "fraction", HIGHER, NUMBERS, VALIDATION, ALL, r2,
    "Explained variance 1 - SS_res/SS_tot on the validation split.")
METRIC_EPOCH_ROW(PENALTY, "penalty", LOSS_UNIT, NEITHER, BOTH, MODEL, ALL, penalty,
    "The explicit weight penalties (l2/2) sum w^2 + l1 sum |w|, which the objective has beside "
    "the loss.")
METRIC_EPOCH_ROW(L1_PENALTY, "l1_penalty", LOSS_UNIT, NEITHER, BOTH, MODEL, ALL, l1_penalty,
    "What l1 has of the penalty: l1 sum |w|.")
METRIC_EPOCH_ROW(L2_PENALTY, "l2_penalty", LOSS_UNIT, NEITHER, BOTH, MODEL, ALL, l2_penalty,
    "What l2 has of the penalty: (l2/2) sum w^2.")
METRIC_EPOCH_ROW(OBJECTIVE, "objective", LOSS_UNIT, LOWER, BOTH, MODEL, EPOCHS, objective,
    "batch_loss + penalty: what training minimizes. The one is the epoch's mean, the other of the "
    "weights at its end.")
METRIC_EPOCH_ROW(LEARNING_RATE, "learning_rate", "", NEITHER, BOTH, STEPS, EPOCHS,
    learning_rate,
    "Learning rate of the epoch's last step, schedule and warm-up included.")
METRIC_EPOCH_ROW(GRADIENT_NORM, "gradient_norm", "", NEITHER, BOTH, STEPS, EPOCHS,
    gradient_norm,
    "L2 norm of the whole gradient before clipping, mean over the epoch's steps.")
METRIC_EPOCH_ROW(BATCH_LOSS_STD, "batch_loss_std", LOSS_UNIT, NEITHER, BOTH, STEPS, EPOCHS,
    batch_loss_std,
    "Standard deviation of the minibatch losses within the epoch.")
METRIC_EPOCH_ROW(GRADIENT_NOISE_RATIO, "gradient_noise_ratio", "", NEITHER, BOTH, MODEL, EPOCHS,
    gradient_noise_ratio,
    "How much of a minibatch's gradient is noise, with the weights of the record and the masks and "
    "noises of training: S / (|mean g|^2 - S/8) over the gradients g of the next 8 minibatches, "
    "S = sum |g - mean g|^2 / 7 (McCandlish et al. 2018); null where noise is all that is seen. "
    "With record_layers.")
METRIC_EPOCH_ROW(WEIGHT_NORM, "weight_norm", "", NEITHER, BOTH, MODEL, ALL, weight_norm,
    "L2 norm over all weights, sqrt(sum w^2).")
METRIC_EPOCH_ROW(SECONDS, "seconds", "s", NEITHER, BOTH, STEPS, EPOCHS, seconds,
    "Wall time of the epoch's training, without evaluation.")

METRIC_END_ROW(TEST_LOSS, "test_loss", LOSS_UNIT, LOWER, BOTH, TEST, SELECTED, loss,
    "Loss on the test split with the selected weights: cross-entropy -mean ln p(label), or the "
    "mean squared error.")
METRIC_END_ROW(TEST_ACCURACY, "test_accuracy", "fraction", HIGHER, CLASSES, TEST, SELECTED,
    accuracy,
    "Fraction of the test split whose most probable class is right.")
METRIC_END_ROW(TEST_RMSE, "test_rmse", "target units", LOWER, NUMBERS, TEST, SELECTED, rmse,
    "Root of the mean squared error on the test split.")
METRIC_END_ROW(TEST_R2, "test_r2", "fraction", HIGHER, NUMBERS, TEST, SELECTED, r2,
    "Explained variance 1 - SS_res/SS_tot on the test split.")
METRIC_END_ROW(TEST_ECE, "test_ece", "fraction", LOWER, CLASSES, TEST, SELECTED, ece,
    "Expected calibration error: sum over 15 equal-width bins of n_bin/n * |accuracy - mean "
    "confidence| (Guo et al. 2017).")
METRIC_END_ROW(TEST_BRIER, "test_brier", "0 to 2", LOWER, CLASSES, TEST, SELECTED, brier,
    "Brier score: mean over samples of the sum over classes of (p - onehot)^2.")
METRIC_END_ROW(GENERALIZATION_GAP, "generalization_gap", LOSS_UNIT, LOWER, BOTH, MODEL, SELECTED,
    generalization_gap,
    "val_loss - train_loss with the selected weights: how much better the net does on what it has "
    "seen.")
METRIC_END_ROW(ABLATION_25, "ablation_25", "fraction", HIGHER, BOTH, ABLATION, SELECTED,
    ablation_25,
    "Accuracy (R^2 of a regression) on the validation split when a quarter of the units of every "
    "hidden layer hands on 0 and the others are scaled by 1/(1 - 1/4): mean of 20 fixed masks "
    "(Morcos et al. 2018). High: no unit is needed alone.")
METRIC_END_ROW(ABLATION_50, "ablation_50", "fraction", HIGHER, BOTH, ABLATION, SELECTED,
    ablation_50,
    "The same when half of the units hands on 0 and the others are doubled.")
METRIC_END_ROW(ABLATION_75, "ablation_75", "fraction", HIGHER, BOTH, ABLATION, SELECTED,
    ablation_75,
    "The same when three quarters of the units hand on 0 and the others are multiplied by 4.")
METRIC_END_ROW(MC_TEST_LOSS, "mc_test_loss", LOSS_UNIT, LOWER, BOTH, SAMPLED_TEST, SELECTED, loss,
    "Loss on the test split of the mean prediction over monte_carlo_samples sampled masks: -mean "
    "ln of the mean p(label), or the mean squared error.")
METRIC_END_ROW(MC_TEST_ACCURACY, "mc_test_accuracy", "fraction", HIGHER, CLASSES, SAMPLED_TEST,
    SELECTED, accuracy,
    "Accuracy on the test split of the class probabilities averaged over the sampled masks.")
METRIC_END_ROW(MC_TEST_ECE, "mc_test_ece", "fraction", LOWER, CLASSES, SAMPLED_TEST, SELECTED, ece,
    "Expected calibration error (15 bins) of the class probabilities averaged over the sampled "
    "masks.")
METRIC_END_ROW(MC_TEST_RMSE, "mc_test_rmse", "target units", LOWER, NUMBERS, SAMPLED_TEST, SELECTED,
    rmse,
    "Root of the mean squared error on the test split of the prediction averaged over the sampled "
    "masks.")

/* clang-format on */
#undef METRIC_EPOCH_ROW
#undef METRIC_END_ROW
