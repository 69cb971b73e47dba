/* kernel — what every vectorized kernel file shares.
 *
 * Kernel files (core/kernel_*.c) are plain loops, compiled with -O3 -fno-math-errno; KERNEL_CLONES makes GCC emit one version of a
 * function per x86-64 level and choose at load time. On other processors and compilers it is empty. */
#ifndef CORE_KERNEL_H
#define CORE_KERNEL_H

/* The engine's number: float; double in the build that checks gradients by finite differences. */
#ifdef REAL_DOUBLE
typedef double real;
#else
typedef float real;
#endif

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(NO_TARGET_CLONES)
#define KERNEL_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define KERNEL_CLONES
#endif

#endif
