/* metric_layer_rows — the rows of LAYER_METRICS[], for whoever defines METRIC_LAYER_ROW and
 * includes this: (id, name, unit, direction, part, function, help). Both tasks have them; a run
 * keeps none. The function is in core/spec/metric_layer.c. */
/* clang-format off */

METRIC_LAYER_ROW(WEIGHT_NORM, "weight_norm", "", NEITHER, MODEL, weight_norm,
    "L2 norm of the layer's weight matrix.")
METRIC_LAYER_ROW(GRADIENT_NORM, "gradient_norm", "", NEITHER, STEPS, gradient_norm,
    "L2 norm of the gradient of the layer's parameters (weights, bias, normalization), mean over "
    "the epoch's steps.")
METRIC_LAYER_ROW(ACTIVATION_MEAN, "activation_mean", "", NEITHER, VALIDATION, activation_mean,
    "Mean of the layer's outputs over units and validation samples, evaluation mode.")
METRIC_LAYER_ROW(ACTIVATION_STD, "activation_std", "", NEITHER, VALIDATION, activation_std,
    "Standard deviation of the layer's outputs over units and validation samples, evaluation mode.")
METRIC_LAYER_ROW(SPARSITY, "sparsity", "fraction", NEITHER, VALIDATION, sparsity,
    "Fraction of the layer's outputs that are exactly zero on the validation split, evaluation "
    "mode.")
METRIC_LAYER_ROW(DEAD_FRACTION, "dead_fraction", "fraction", LOWER, VALIDATION, dead_fraction,
    "Fraction of units that are zero on every validation sample.")
METRIC_LAYER_ROW(COADAPTATION, "coadaptation", "fraction", LOWER, VALIDATION, coadaptation,
    "Mean |correlation| over the pairs of live units (deviation above 1e-6) on the validation "
    "split; of layers wider than 1024 units, 1024 evenly spaced ones.")
METRIC_LAYER_ROW(VARIANCE_SHIFT, "variance_shift", "ratio", NEITHER, VALIDATION, variance_shift,
    "Variance of what the layer hands on after its dropout, evaluation mode over training mode, "
    "each averaged over units, on at most 256 evenly spaced validation samples; 1 is no shift, "
    "1 - rate is expected for centred inputs (Li et al. 2018).")
METRIC_LAYER_ROW(EFFECTIVE_RANK, "effective_rank", "dimensions", NEITHER, VALIDATION,
    effective_rank,
    "exp of the entropy of the normalized eigenvalues of the outputs' covariance (Roy and Vetterli "
    "2007); of layers wider than 128 units, 128 evenly spaced ones.")

/* clang-format on */
#undef METRIC_LAYER_ROW
