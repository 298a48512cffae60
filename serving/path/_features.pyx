"""The features of one side of a spec, and how their values are read into a row."""

from libc.math cimport isfinite

from serving.path._json cimport Cursor, Span, found, is_text, number, text, word


cdef void add_field(Side& side, feature) except *:
    """A feature's field, and its columns in the row of nothing."""
    cdef Field field
    field.name = feature.name.encode()
    field.column = side.nothing.size()
    field.needed = bool(feature.levels) or feature.default is None
    field.low, field.high = feature.low, feature.high
    field.levels = [level.encode() for level in feature.levels]
    side.fields.push_back(field)
    side.seen.push_back(0)
    side.needed += field.needed
    if feature.levels:
        side.nothing.resize(field.column + field.levels.size(), 0.0)
    elif field.needed:
        side.nothing.push_back(0.0)
    else:
        side.nothing.push_back(feature.default)
        side.nothing.push_back(1.0)


cdef bint put_values(Cursor& cursor, Side& side, float* row) except -1:
    """Passes an object of named values, each of which is put where its columns are."""
    cdef Span name, level
    cdef size_t i = 0, n = side.fields.size(), tried, which
    cdef Py_ssize_t needed = 0
    cdef double value = 0.0
    cdef Field* field
    side.objects += 1
    if not found(cursor, b"{"):
        return False
    if found(cursor, b"}"):
        return side.needed == 0
    while True:
        if not text(cursor, name) or not found(cursor, b":"):
            return False
        for tried in range(n):  # most often they come in the spec's order
            if i == n:
                i = 0
            if is_text(name, side.fields[i].name):
                break
            i += 1
        else:
            return False
        if side.seen[i] == side.objects:
            return False
        side.seen[i] = side.objects
        field = &side.fields[i]
        i += 1
        needed += field.needed
        if not field.levels.empty():
            if not text(cursor, level):
                return False
            for which in range(field.levels.size()):
                if is_text(level, field.levels[which]):
                    row[field.column + which] = 1.0
                    break
            else:
                return False
        elif field.needed or not word(cursor, b"null"):
            if not number(cursor, value) or not field.low <= value <= field.high:
                return False
            row[field.column] = <float>value
            if not isfinite(row[field.column]):
                return False
            if not field.needed:
                row[field.column + 1] = 0.0
        if not found(cursor, b","):
            return needed == side.needed and found(cursor, b"}")
