"""Numbers as text, in buffers: what Python's own formatting and JSON's shortest form give."""

from libc.math cimport isfinite
from libcpp.string cimport string

cdef extern from "<charconv>" namespace "std" nogil:
    cdef cppclass chars_format:
        pass
    cdef struct to_chars_result:
        char* ptr
    to_chars_result to_chars(char* first, char* last, double value, chars_format form)
    to_chars_result to_chars(
        char* first, char* last, double value, chars_format form, int precision
    )
    to_chars_result to_chars(char* first, char* last, long value)

cdef extern from "<charconv>" nogil:
    const chars_format SCIENTIFIC "std::chars_format::scientific"
    const chars_format FIXED "std::chars_format::fixed"
    const chars_format GENERAL "std::chars_format::general"


cdef inline void put_integer(string& out, long value) noexcept:
    """As str() tells it."""
    cdef char text[24]
    out.append(text, to_chars(text, text + 24, value).ptr - text)


cdef inline void put_general(string& out, double value, int precision) noexcept:
    """As the format g tells it."""
    cdef char text[64]
    out.append(text, to_chars(text, text + 64, value, GENERAL, precision).ptr - text)


cdef inline void put_fixed(string& out, double value, int precision) noexcept:
    """As the format f tells it."""
    cdef char text[400]
    out.append(text, to_chars(text, text + 400, value, FIXED, precision).ptr - text)


cdef inline void put_shortest(string& out, double value) noexcept:
    """The fewest digits that are this number, laid out as msgspec does; null if it is not finite."""
    if not isfinite(value):
        out.append(b"null")
        return
    cdef char text[32]
    cdef char digits[20]
    cdef const char* at = text
    cdef const char* end = to_chars(text, text + 32, value, SCIENTIFIC).ptr
    cdef int n = 0, exponent = 0
    cdef bint small
    if at[0] == b"-":
        out.push_back(b"-")
        at += 1
    while at[0] != b"e":
        if at[0] != b".":
            digits[n] = at[0]
            n += 1
        at += 1
    small = at[1] == b"-"
    at += 2
    while at < end:
        exponent = 10 * exponent + (at[0] - c"0")
        at += 1
    if small:
        exponent = -exponent
    if exponent < -5 or exponent >= 16:
        out.push_back(digits[0])
        if n > 1:
            out.push_back(b".")
            out.append(digits + 1, n - 1)
        out.push_back(b"e")
        put_integer(out, exponent)
    elif exponent < 0:
        out.append(b"0.")
        out.append(<size_t>(-exponent - 1), <char>b"0")
        out.append(digits, n)
    elif n <= exponent + 1:
        out.append(digits, n)
        out.append(<size_t>(exponent + 1 - n), <char>b"0")
        out.append(b".0")
    else:
        out.append(digits, exponent + 1)
        out.push_back(b".")
        out.append(digits + exponent + 1, n - exponent - 1)
