#include "core/math/mat.h"

#include <cblas.h>
#include <string.h>

void mat_setup(void)
{
    openblas_set_num_threads(1);
}

void mat_multiply(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, const real *a,
                  size_t lda, const real *b, size_t ldb, real beta, real *c, size_t ldc)
{
    if (k == 0) { /* every unit that feeds this layer was dropped */
        for (size_t i = 0; i < m; i++)
            for (size_t j = 0; j < n; j++)
                c[i * ldc + j] = beta > 0 ? c[i * ldc + j] * beta : 0;
        return;
    }
#ifdef REAL_DOUBLE
    cblas_dgemm(
#else
    cblas_sgemm(
#endif
        CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans,
        transpose_b ? CblasTrans : CblasNoTrans, (int)m, (int)n, (int)k, 1, a, (int)lda, b,
        (int)ldb, beta, c, (int)ldc);
}

void mat_add_products(size_t rows, size_t n, const real *x, size_t ldx, real *c, size_t ldc)
{
#ifdef REAL_DOUBLE
    cblas_dsyrk(
#else
    cblas_ssyrk(
#endif
        CblasRowMajor, CblasUpper, CblasTrans, (int)n, (int)rows, 1, x, (int)ldx, 1, c, (int)ldc);
}

const char *mat_blas_name(void)
{
    /* The configuration starts with the name and version: "OpenBLAS 0.3.21 NO_LAPACKE ...". */
    static _Thread_local char name[32];
    const char *config = openblas_get_config();
    const char *end = strchr(config, ' ');
    end = end ? strchr(end + 1, ' ') : NULL;
    size_t n = end ? (size_t)(end - config) : strlen(config);
    n = n < sizeof name ? n : sizeof name - 1;
    memcpy(name, config, n);
    name[n] = '\0';
    return name;
}

const char *mat_blas_core(void)
{
    return openblas_get_corename();
}
