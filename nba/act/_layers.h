// One dense layer: out (k, h) = x (k, n) · w (n, h) + add (h,), cut at zero if asked.
//
// Every sum is taken in the order of n, each product rounded before it is added, so the result is
// the same to the bit on every processor and whatever the width of its registers. h is a multiple
// of 16. The compiler makes a form for each generation of processors; the loader takes the best.
#pragma once

typedef float Lanes __attribute__((vector_size(64), aligned(4)));

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__gnu_linux__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

#define LANES(at) (*(const Lanes *)(at))
#define PUT(at, sum) (*(Lanes *)(at) = relu ? ((sum) > 0.0f ? (sum) : zero) : (sum))

FOR_EACH_PROCESSOR
static void dense(const float *x, long k, long n, const float *w, const float *add, long h,
                  float *out, int relu) {
    const Lanes zero = {0.0f};
    for (long j = 0; j < h; j += 16) {
        const Lanes own = LANES(add + j);
        long row = 0;
        for (; row + 4 <= k; row += 4) {
            const float *a = x + row * n, *b = a + n, *c = b + n, *d = c + n;
            Lanes sa = zero, sb = zero, sc = zero, sd = zero;
            for (long i = 0; i < n; i++) {
                const Lanes weight = LANES(w + i * h + j);
                sa += a[i] * weight;
                sb += b[i] * weight;
                sc += c[i] * weight;
                sd += d[i] * weight;
            }
            sa += own, sb += own, sc += own, sd += own;
            float *to = out + row * h + j;
            PUT(to, sa);
            PUT(to + h, sb);
            PUT(to + 2 * h, sc);
            PUT(to + 3 * h, sd);
        }
        for (; row < k; row++) {
            Lanes sum = zero;
            for (long i = 0; i < n; i++) sum += x[row * n + i] * LANES(w + i * h + j);
            sum += own;
            PUT(out + row * h + j, sum);
        }
    }
}

// scores (k,) of rows (k, h): sixteen sums side by side, then their halves added together.
FOR_EACH_PROCESSOR
static void weigh(const float *rows, long k, long h, const float *w, float *scores) {
    for (long row = 0; row < k; row++) {
        Lanes sum = {0.0f};
        for (long j = 0; j < h; j += 16) sum += LANES(rows + row * h + j) * LANES(w + j);
        float part[16];
        *(Lanes *)part = sum;
        for (int half = 8; half; half /= 2)
            for (int lane = 0; lane < half; lane++) part[lane] += part[lane + half];
        scores[row] = part[0];
    }
}

#undef PUT
