/* philox — Philox4x32-10 and the masks of a run, recomputed here exactly as the engine drew them
 * (contract: key, counter, 16 bits a decision). */

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

/* The high 32 bits of a × b. */
function high(a, b) {
  const [al, ah, bl, bh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const low = al * bl;
  const middle = ah * bl + (low >>> 16);
  const other = al * bh + (middle % 0x10000);
  return (ah * bh + Math.floor(middle / 0x10000) + Math.floor(other / 0x10000)) >>> 0;
}

/* The four words of one block. */
function philox(counter, key, rounds = 10) {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < rounds; round++) {
    const [h0, l0, h1, l1] = [
      high(M0, c0),
      Math.imul(M0, c0) >>> 0,
      high(M1, c2),
      Math.imul(M1, c2) >>> 0,
    ];
    [c0, c1, c2, c3] = [(h1 ^ c1 ^ k0) >>> 0, l1, (h0 ^ c3 ^ k1) >>> 0, l0];
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

export const PURPOSE_DROPOUT = 2;
export const PURPOSE_MONTE_CARLO = 9;

/* The key of a purpose under a seed in 0 … 2^53 − 1. */
function keyOf(seed, purpose) {
  return [(seed % 0x100000000) >>> 0, (Math.floor(seed / 0x100000000) | (purpose << 21)) >>> 0];
}

export const threshold = (rate) => Math.round(65536 * rate);

/* Which of n units are dropped (true) at (row, step, layer). */
export function maskOf(seed, purpose, { row, step, layer }, n, rate) {
  const key = keyOf(seed, purpose);
  const limit = threshold(rate);
  const dropped = new Array(n);
  let words = null;
  for (let unit = 0; unit < n; unit++) {
    if (unit % 8 === 0) words = philox([unit / 8, row, step, layer], key);
    const half = unit % 8;
    const bits = (words[half >> 1] >>> (half & 1 ? 16 : 0)) & 0xffff;
    dropped[unit] = bits < limit;
  }
  return dropped;
}
