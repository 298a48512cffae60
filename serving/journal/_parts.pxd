"""MessagePack read part by part: a value's kind, and where the next one begins."""

from libcpp.vector cimport vector


cdef struct Part:  # of a record, in MessagePack
    char kind  # s text, b bytes, d double, u whole number, t true, o other
    unsigned long long value  # of a number, or of a double's bits
    const unsigned char* at  # of a text's or bytes' own bytes
    size_t size


cdef inline unsigned long long big(const unsigned char* at, size_t width) noexcept nogil:
    """A number in so many bytes, the highest first."""
    cdef unsigned long long value = 0
    cdef size_t i
    for i in range(width):
        value = value << 8 | at[i]
    return value


cdef inline const unsigned char* passed(
    const unsigned char* at, const unsigned char* end, Part* part
) noexcept nogil:
    """Behind the value that begins here, all of its members too; NULL if it is none, or cut off."""
    cdef size_t todo = 1, size, width
    cdef unsigned long long value
    cdef unsigned char c
    cdef char kind
    cdef bint first = True
    part.kind, part.value, part.size, part.at = c"o", 0, 0, at
    while todo:
        if at >= end:
            return NULL
        c = at[0]
        at += 1
        todo -= 1
        width = size = 0  # bytes of a number that follows, and of what follows it
        kind = c"o"
        if c < 0x80:
            kind = c"u"
        elif c < 0x90:
            todo += 2 * (c & 0x0F)
        elif c < 0xA0:
            todo += c & 0x0F
        elif c < 0xC0:
            kind, size = c"s", c & 0x1F
        elif c == 0xC3:
            kind = c"t"
        elif c == 0xCB:
            kind, width = c"d", 8
        elif c == 0xCA:
            width = 4
        elif 0xC4 <= c <= 0xC6:
            kind, width = c"b", 1 << (c - 0xC4)
        elif 0xCC <= c <= 0xCF:
            kind, width = c"u", 1 << (c - 0xCC)
        elif 0xD0 <= c <= 0xD3:
            width = 1 << (c - 0xD0)
        elif 0xD9 <= c <= 0xDB:
            kind, width = c"s", 1 << (c - 0xD9)
        elif c == 0xDC or c == 0xDE:
            width = 2
        elif c == 0xDD or c == 0xDF:
            width = 4
        elif c != 0xC0 and c != 0xC2 and c < 0xE0:
            return NULL
        if <size_t>(end - at) < width:
            return NULL
        value = c if width == 0 else big(at, width)
        at += width
        if c >= 0xDC and c <= 0xDF:
            todo += value if c < 0xDE else 2 * value
        elif width and (kind == c"s" or kind == c"b"):
            size = value
        if <size_t>(end - at) < size:
            return NULL
        if first:
            part.kind, part.value, part.at, part.size = kind, value, at, size
            first = False
        at += size
    return at


cdef inline const unsigned char* names_of(
    const unsigned char* at, const unsigned char* end, vector[Part]& names
) noexcept nogil:
    """Behind an array of texts; NULL if it is none."""
    cdef Part part
    cdef size_t count
    if at == end:
        return NULL
    if 0x90 <= at[0] < 0xA0:
        count = at[0] & 0x0F
        at += 1
    elif at[0] == 0xDC and end - at > 2:
        count = at[1] << 8 | at[2]
        at += 3
    else:
        return NULL
    while count:
        at = passed(at, end, &part)
        if at == NULL or part.kind != c"s":
            return NULL
        names.push_back(part)
        count -= 1
    return at
