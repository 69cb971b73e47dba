/* regularizer/internal — the functions behind the rows of REGULARIZERS[]; included by regularizer.c
 * and the files that define them. */
#ifndef CORE_REGULARIZER_INTERNAL_H
#define CORE_REGULARIZER_INTERNAL_H

#include "core/regularizer/regularizer.h"

/* dropout.c: masks of units, bernoulli, gaussian and alpha (Srivastava et al. 2014,
 * Klambauer et al. 2017), and of inputs */
bool dropout_is_active(const train_spec *spec);
void dropout_take(regularization *r, arena *a);
void dropout_on_step(regularization *r, bool training);
void dropout_on_batch(regularization *r, size_t row, size_t rows);
void dropout_on_weights(regularization *r, int layer, parallel *p);
void dropout_on_forward(regularization *r, int layer, net_stage stage, const net_slice *s, real *x);
void dropout_on_backward(regularization *r, int layer, net_stage stage, const net_slice *s,
                         real *delta);

/* connect.c: DropConnect (Wan et al. 2013) */
bool connect_is_active(const train_spec *spec);
void connect_take(regularization *r, arena *a);
void connect_on_weights(regularization *r, int layer, parallel *p);
bool connect_replaces_dense(const regularization *r, int layer);
void connect_dense_forward(regularization *r, int layer, size_t row, const real *x, real *z);
void connect_dense_backward(regularization *r, int layer, size_t row, const real *x,
                            const real *delta, real *weight_gradient, real *x_gradient);
void connect_on_weight_gradient(regularization *r, int layer, size_t row, size_t rows,
                                real *gradient);

/* noise.c: additive Gaussian noise (Bishop 1995, Neelakantan et al. 2015) */
bool input_noise_is_active(const train_spec *spec);
void input_noise_on_batch(regularization *r, size_t row, size_t rows);
bool weight_noise_is_active(const train_spec *spec);
void weight_noise_take(regularization *r, arena *a);
void weight_noise_on_weights(regularization *r, int layer, parallel *p);
bool activation_noise_is_active(const train_spec *spec);
void activation_noise_on_forward(regularization *r, int layer, net_stage stage, const net_slice *s,
                                 real *x);
bool gradient_noise_is_active(const train_spec *spec);
void gradient_noise_on_update(regularization *r, int layer, size_t row, size_t rows,
                              real *gradient);

/* target.c: softer targets (Szegedy et al. 2016, Zhang et al. 2018) */
bool label_smoothing_is_active(const train_spec *spec);
void label_smoothing_on_batch(regularization *r, size_t row, size_t rows);
bool mixup_is_active(const train_spec *spec);
void mixup_take(regularization *r, arena *a);
void mixup_on_whole_batch(regularization *r);

/* weight.c: penalties and constraints of weights */
bool l1_is_active(const train_spec *spec);
double l1_penalty(const train_spec *spec, const real *x, size_t n);
void l1_add_gradient(const train_spec *spec, kernel_update *u);
bool l2_is_active(const train_spec *spec);
double l2_penalty(const train_spec *spec, const real *x, size_t n);
void l2_add_gradient(const train_spec *spec, kernel_update *u);
bool weight_decay_is_active(const train_spec *spec);
void weight_decay_add_gradient(const train_spec *spec, kernel_update *u);
bool max_norm_is_active(const train_spec *spec);
void max_norm_after_update(const regularization *r, int layer, size_t rows, real *weights);
bool weight_average_is_active(const train_spec *spec);
void weight_average_take(regularization *r, arena *a);
void weight_average_after_step(regularization *r, const real *model);

/* augmentation.c: distorted images (Simard et al. 2003) */
bool augmentation_is_active(const train_spec *spec);
void augmentation_take(regularization *r, arena *a);
void augmentation_on_batch(regularization *r, size_t row, size_t rows);

#endif
