/* stats — the little statistics that drawing needs; verdicts come from the service. */

const T975 = [NaN, 12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.306, 2.2622, 2.2281];

/* The 97.5 % quantile of Student's t. From 11 degrees of freedom on, the Cornish-Fisher expansion
 * (Abramowitz and Stegun 26.7.5), exact to 1e-5 there. */
export function t975(df) {
  if (df < 1) return NaN;
  if (df < T975.length) return T975[df];
  const z = 1.959963985;
  const z3 = z ** 3;
  const z5 = z ** 5;
  return (
    z +
    (z3 + z) / (4 * df) +
    (5 * z5 + 16 * z3 + 3 * z) / (96 * df ** 2) +
    (3 * z ** 7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * df ** 3)
  );
}

/* {n, mean, std} of the finite values; std is null for fewer than two. */
export function summarize(values) {
  const finite = values.filter((x) => typeof x === 'number' && Number.isFinite(x));
  const n = finite.length;
  if (n === 0) return { n, mean: null, std: null };
  const mean = finite.reduce((sum, x) => sum + x, 0) / n;
  const std =
    n > 1 ? Math.sqrt(finite.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (n - 1)) : null;
  return { n, mean, std };
}

/* Exponential smoothing of a whole series with weight `w` in [0, 1) for the past, corrected for its
 * start. Gaps stay. */
export function smooth(values, w) {
  if (w === 0) return values;
  let sum = 0;
  let weight = 0;
  return values.map((x) => {
    if (x === null || !Number.isFinite(x)) return null;
    sum = w * sum + (1 - w) * x;
    weight = w * weight + (1 - w);
    return sum / weight;
  });
}
