// How long a test waits: until something settles, or holds.

export const sanitizer = process.env.REGULAB_SANITIZER ?? '';
/** Sanitized builds are several times slower: every deadline is multiplied by this. */
export const patience = sanitizer ? 8 : 1;

/** Rejects with `what` when `promise` has not settled after `ms` (times the patience). */
export async function within(ms, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${what}: not within ${ms * patience} ms`)),
      ms * patience,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks again, at short intervals, until `probe()` gives something truthy. */
export async function eventually(ms, what, probe) {
  const deadline = Date.now() + ms * patience;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${ms * patience} ms`);
    await new Promise((wake) => {
      setTimeout(wake, 20);
    });
  }
}
