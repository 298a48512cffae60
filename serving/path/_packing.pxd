"""MessagePack and JSON in buffers, as far as a decision's record and its answer need them."""

from libcpp.string cimport string

from serving.path._json cimport Span


cdef inline void put_big(string& out, unsigned long long value, int width) noexcept:
    """A whole number in so many bytes, the highest first."""
    while width:
        width -= 1
        out.push_back(<char>(value >> (8 * width) & 0xFF))


cdef inline void pack_number(string& out, double value) noexcept:
    cdef unsigned long long* bits = <unsigned long long*>&value
    out.push_back(<char>0xCB)
    put_big(out, bits[0], 8)


cdef inline void pack_count(string& out, unsigned long long value) noexcept:
    """A whole number that is not negative."""
    if value < 128:
        out.push_back(<char>value)
    elif value < 256:
        out.push_back(<char>0xCC)
        put_big(out, value, 1)
    elif value < 65536:
        out.push_back(<char>0xCD)
        put_big(out, value, 2)
    else:
        out.push_back(<char>0xCE)
        put_big(out, value, 4)


cdef inline void pack_text(string& out, const char* text, size_t size) noexcept:
    if size < 32:
        out.push_back(<char>(0xA0 | size))
    elif size < 256:
        out.push_back(<char>0xD9)
        put_big(out, size, 1)
    elif size < 65536:
        out.push_back(<char>0xDA)
        put_big(out, size, 2)
    else:
        out.push_back(<char>0xDB)
        put_big(out, size, 4)
    out.append(text, size)


cdef inline void pack_string(string& out, const string& text) noexcept:
    pack_text(out, text.data(), text.size())


cdef inline void pack_span(string& out, const Span& span) noexcept:
    pack_text(out, span.at, span.size)


cdef inline void pack_bytes(string& out, const void* data, size_t size) noexcept:
    if size < 256:
        out.push_back(<char>0xC4)
        put_big(out, size, 1)
    elif size < 65536:
        out.push_back(<char>0xC5)
        put_big(out, size, 2)
    else:
        out.push_back(<char>0xC6)
        put_big(out, size, 4)
    out.append(<const char*>data, size)


cdef inline void pack_array(string& out, size_t size) noexcept:
    """The head of an array."""
    if size < 16:
        out.push_back(<char>(0x90 | size))
    elif size < 65536:
        out.push_back(<char>0xDC)
        put_big(out, size, 2)
    else:
        out.push_back(<char>0xDD)
        put_big(out, size, 4)


cdef inline void quote(string& out, const char* text, size_t size) noexcept:
    """A text in which nothing needs an escape."""
    out.push_back(b'"')
    out.append(text, size)
    out.push_back(b'"')


cdef inline void quote_string(string& out, const string& text) noexcept:
    quote(out, text.data(), text.size())


cdef inline void quote_span(string& out, const Span& span) noexcept:
    quote(out, span.at, span.size)
