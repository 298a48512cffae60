// CRC-32 of IEEE 802.3, as zlib has it, by carry-less multiplication: four blocks of 16 bytes at a
// time are folded together, then reduced. Without such a processor, or for few bytes, by a table.
// Sources: Gopal et al. 2009 (Intel, fast CRC computation using PCLMULQDQ).
#pragma once

#include <cstddef>
#include <cstdint>
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define NBA_FOLDS 1
#endif

namespace nba {

struct CrcTable {
    uint32_t of[256];
    constexpr CrcTable() : of() {
        for (uint32_t byte = 0; byte < 256; ++byte) {
            uint32_t crc = byte;
            for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
            of[byte] = crc;
        }
    }
};
static constexpr CrcTable CRC_TABLE;

static inline uint32_t crc32_by_table(const unsigned char *data, size_t size, uint32_t crc) {
    while (size--) crc = crc >> 8 ^ CRC_TABLE.of[(crc ^ *data++) & 0xff];
    return crc;
}

#ifdef NBA_FOLDS
__attribute__((target("pclmul,sse4.1"))) static inline __m128i folded(__m128i x, __m128i by) {
    return _mm_xor_si128(_mm_clmulepi64_si128(x, by, 0x00), _mm_clmulepi64_si128(x, by, 0x11));
}

// Of a multiple of 16 bytes, 64 at least.
__attribute__((target("pclmul,sse4.1"))) static uint32_t crc32_by_folding(
    const unsigned char *data, size_t size, uint32_t crc) {
    const __m128i four = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4);
    const __m128i one = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);
    const __m128i *at = reinterpret_cast<const __m128i *>(data);
    __m128i x[4];
    for (int i = 0; i < 4; ++i) x[i] = _mm_loadu_si128(at++);
    x[0] = _mm_xor_si128(x[0], _mm_cvtsi32_si128(static_cast<int>(crc)));
    for (size -= 64; size >= 64; size -= 64)
        for (int i = 0; i < 4; ++i)
            x[i] = _mm_xor_si128(folded(x[i], four), _mm_loadu_si128(at++));
    __m128i y = x[0];
    for (int i = 1; i < 4; ++i) y = _mm_xor_si128(folded(y, one), x[i]);
    for (; size >= 16; size -= 16) y = _mm_xor_si128(folded(y, one), _mm_loadu_si128(at++));
    // 128 bits to 64, to 32 by Barrett's reduction
    const __m128i low = _mm_setr_epi32(~0, 0, ~0, 0);
    y = _mm_xor_si128(_mm_srli_si128(y, 8), _mm_clmulepi64_si128(y, one, 0x10));
    const __m128i last = _mm_set_epi64x(0, 0x0163cd6124);
    y = _mm_xor_si128(_mm_srli_si128(y, 4), _mm_clmulepi64_si128(_mm_and_si128(y, low), last, 0));
    const __m128i poly = _mm_set_epi64x(0x01f7011641, 0x01db710641);
    __m128i z = _mm_clmulepi64_si128(_mm_and_si128(y, low), poly, 0x10);
    z = _mm_clmulepi64_si128(_mm_and_si128(z, low), poly, 0x00);
    return static_cast<uint32_t>(_mm_extract_epi32(_mm_xor_si128(y, z), 1));
}
#endif

// The checksum of what a first part's checksum `begun` goes on with, like zlib's crc32.
static inline uint32_t crc32(const unsigned char *data, size_t size, uint32_t begun) {
    uint32_t crc = ~begun;
#ifdef NBA_FOLDS
    static const bool folds = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
    if (folds && size >= 64) {
        const size_t most = size & ~static_cast<size_t>(15);
        crc = crc32_by_folding(data, most, crc);
        data += most;
        size -= most;
    }
#endif
    return ~crc32_by_table(data, size, crc);
}

static inline uint32_t adler32(const unsigned char *data, size_t size) {
    uint32_t a = 1, b = 0;
    for (; size; --size) {
        a = (a + *data++) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

}  // namespace nba
