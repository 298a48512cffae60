# cython: boundscheck=False, wraparound=False
"""The scanner of plain requests: see serving/http/plain.py."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE

cdef extern from *:
    """
    #include <cstring>

    // What a character may be in: a header's name (1), a value (2), a number (4); its small letter.
    struct Kinds {
        unsigned char of[256], small[256];
        constexpr Kinds() : of(), small() {
            for (int c = 0; c < 256; ++c) {
                bool digit = c >= '0' && c <= '9', capital = c >= 'A' && c <= 'Z';
                bool letter = capital || (c >= 'a' && c <= 'z');
                of[c] = (digit || letter || c == '-') | (c >= 0x20 && c < 0x7f) << 1 | digit << 2;
                small[c] = capital ? c + 32 : c;
            }
        }
    };
    static constexpr Kinds KINDS;

    static bool same(const char *found, const char *wanted, long size) {
        for (long i = 0; i < size; ++i)
            if (KINDS.small[(unsigned char)found[i]] != wanted[i]) return false;
        return true;
    }

    #define IS(word) (size == sizeof(word) - 1 && same(name, word, size))

    static long body_of(const char *data, long length, long limit) {
        static const char START[] = "POST /v1/decisions HTTP/1.1\\r\\n";
        const long start = sizeof(START) - 1;
        if (length < start + 2 || memcmp(data, START, start)) return 0;
        const char *at = data + start, *end = data + length;
        long body = -1;
        while (end - at >= 2 && !(at[0] == '\\r' && at[1] == '\\n')) {
            const char *name = at;
            while (at < end && KINDS.of[(unsigned char)*at] & 1) ++at;
            const long size = at - name;
            if (size == 0 || at == end || *at != ':') return 0;
            ++at;
            while (at < end && *at == ' ') ++at;
            const char *value = at;
            while (at < end && KINDS.of[(unsigned char)*at] & 2) ++at;
            const long long_ = at - value;
            if (long_ == 0 || end - at < 2 || at[0] != '\\r' || at[1] != '\\n' || at[-1] == ' ')
                return 0;
            at += 2;
            if (IS("content-length")) {
                if (body >= 0 || long_ > 10) return 0;
                body = 0;
                for (long i = 0; i < long_; ++i) {
                    if (!(KINDS.of[(unsigned char)value[i]] & 4)) return 0;
                    body = 10 * body + (value[i] - '0');
                }
            } else if (IS("connection")) {
                if (long_ != 10 || !same(value, "keep-alive", 10)) return 0;
            } else if (IS("transfer-encoding") || IS("expect") || IS("upgrade")
                       || IS("proxy-connection")) {
                return 0;
            }
        }
        if (end - at < 2 || body <= 0 || body > limit || end - at - 2 != body) return 0;
        return at + 2 - data;
    }
    """
    long body_of(const char *data, long length, long limit) nogil


def body_of_plain(bytes data not None, long limit):
    """Where the body of a whole plain request begins; 0 if the bytes are anything else."""
    return body_of(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), limit)
