"""A cursor over JSON that is as usual; whatever is not, stops it, and nobody is told why.

The text ends with a zero, as that of every `bytes` does, and no zero is a part of JSON: that is
what stops each loop at the end.
"""

from libc.math cimport HUGE_VAL
from libc.string cimport memcmp
from libcpp.string cimport string


cdef struct Span:
    const char* at
    Py_ssize_t size


cdef struct Cursor:
    const char* at
    bint high  # a byte beyond ASCII was passed: the text may be no UTF-8


cdef extern from *:
    """
    static const double POWERS_OF_TEN[] = {
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
        1e17, 1e18, 1e19, 1e20, 1e21, 1e22};  // all of them exact
    """
    const double* POWERS_OF_TEN


cdef extern from "Python.h":
    double PyOS_string_to_double(const char* text, char** end, void* overflow) except? -1.0


cdef inline void skip(Cursor& cursor) noexcept:
    """Passes white space."""
    cdef char c = cursor.at[0]
    while c == b" " or c == b"\n" or c == b"\t" or c == b"\r":
        cursor.at += 1
        c = cursor.at[0]


cdef inline bint found(Cursor& cursor, char wanted) noexcept:
    """Is this the next character but for white space? Then it is passed."""
    skip(cursor)
    if cursor.at[0] != wanted:
        return False
    cursor.at += 1
    return True


cdef inline bint word(Cursor& cursor, const char* wanted) noexcept:
    """Is this the next word? Then it is passed."""
    cdef const char* at
    skip(cursor)
    at = cursor.at
    while wanted[0] != 0:
        if at[0] != wanted[0]:
            return False
        at += 1
        wanted += 1
    cursor.at = at
    return True


cdef inline bint text(Cursor& cursor, Span& span) noexcept:
    """Passes a text without escapes."""
    cdef unsigned char c
    if not found(cursor, b'"'):
        return False
    span.at = cursor.at
    while True:
        c = cursor.at[0]
        if c == b'"':
            break
        if c < 32 or c == b"\\":
            return False
        if c >= 128:
            cursor.high = True
        cursor.at += 1
    span.size = cursor.at - span.at
    cursor.at += 1
    return True


cdef inline bint number(Cursor& cursor, double& value) except -1:
    """Passes a number; False also for one that is too large to be told."""
    cdef unsigned long long digits = 0
    cdef int n = 0, behind = 0, exponent = 0
    cdef bint negative = False, small = False, whole = True
    cdef const char* start
    cdef char* end = NULL
    skip(cursor)
    start = cursor.at
    if cursor.at[0] == b"-":
        negative = True
        cursor.at += 1
    if not is_digit(cursor) or (cursor.at[0] == b"0" and b"0" <= cursor.at[1] <= b"9"):
        return False
    while is_digit(cursor):
        digits = 10 * digits + (cursor.at[0] - c"0")
        n += 1
        cursor.at += 1
    if cursor.at[0] == b".":
        whole = False
        cursor.at += 1
        if not is_digit(cursor):
            return False
        while is_digit(cursor):
            digits = 10 * digits + (cursor.at[0] - c"0")
            n += 1
            behind += 1
            cursor.at += 1
    if cursor.at[0] == b"e" or cursor.at[0] == b"E":
        whole = False
        cursor.at += 1
        if cursor.at[0] == b"-" or cursor.at[0] == b"+":
            small = cursor.at[0] == b"-"
            cursor.at += 1
        if not is_digit(cursor):
            return False
        while is_digit(cursor):
            exponent = 10 * exponent + (cursor.at[0] - c"0") if exponent < 9999 else exponent
            cursor.at += 1
    exponent = (-exponent if small else exponent) - behind
    if n < 19 and digits < (1ULL << 53) and -22 <= exponent <= 22:  # then one rounding is right
        (&value)[0] = digits
        if exponent < 0:
            (&value)[0] = (&value)[0] / POWERS_OF_TEN[-exponent]
        else:
            (&value)[0] = (&value)[0] * POWERS_OF_TEN[exponent]
        if negative and not (whole and digits == 0):  # -0 is the whole number 0
            (&value)[0] = -(&value)[0]
        return True
    if whole:
        return False
    (&value)[0] = PyOS_string_to_double(start, &end, NULL)
    return end == cursor.at and -HUGE_VAL < (&value)[0] < HUGE_VAL


cdef inline bint is_digit(const Cursor& cursor) noexcept:
    """Is the next character one?"""
    return b"0" <= cursor.at[0] <= b"9"


cdef inline bint is_text(const Span& span, const string& other) noexcept:
    """Are they equal?"""
    return span.size == <Py_ssize_t>other.size() and memcmp(span.at, other.data(), span.size) == 0
