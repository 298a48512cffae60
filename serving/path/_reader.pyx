"""Reads the usual request in one pass: from its bytes to encoded rows.

What is not as usual (an escape in a text, a member that is seldom there, anything wrong) is left
to `serving.path.asked`, which also tells what is wrong; what is read here is what is read there.
"""

from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.string cimport memcmp, memcpy
from libcpp.string cimport string
from libcpp.vector cimport vector

import numpy as np

from serving.path._features cimport Side, add_field, put_values
from serving.path._json cimport Cursor, Span, found, is_text, skip, text, word


cdef class CompiledReader:
    """Reads requests for one feature spec; holds the one that it read last."""

    def __init__(self, spec):
        """Of a `nba.listen.encode.FeatureSpec`."""
        self.sides.resize(2)
        for feature in spec.context:
            add_field(self.sides[0], feature)
        for feature in spec.action:
            if feature.name == "kind":
                self.kind_column = self.sides[1].nothing.size()
                self.kinds = [level.encode() for level in feature.levels]
                self.sides[1].nothing.resize(self.kind_column + self.kinds.size(), 0.0)
            else:
                add_field(self.sides[1], feature)
        self.d, self.p = self.sides[0].nothing.size(), self.sides[1].nothing.size()
        self.context_row.resize(self.d)

    def read(self, bytes body not None, Py_ssize_t most):
        """Is it a usual request with at most so many actions? Then it is held from here on."""
        cdef Cursor cursor
        self.body = body
        cursor.at, cursor.high = body, False
        if not self.head(cursor, most):
            return False
        skip(cursor)
        if cursor.at != <const char*>body + len(body) or self.ids.empty():
            return False
        if cursor.high:
            try:
                body.decode()
            except UnicodeDecodeError:
                return False
        return True

    @property
    def customer(self):
        """The customer's id."""
        return str_of(self.customer_id)

    @property
    def decision_id(self):
        """The caller's own id, or None."""
        return None if self.wanted_id.at == NULL else str_of(self.wanted_id)

    def action_ids(self):
        """Of all actions, (k,)."""
        return [str_of(span) for span in self.ids]

    def action_kinds(self):
        """Of all actions, (k,)."""
        return [self.kinds[code].decode() for code in self.codes]

    def unavailable(self):
        """The caller's own reasons, place → reason; None if there are none."""
        cdef size_t i
        found = {}
        for i in range(self.reasons.size()):
            if self.reasons[i].at != NULL:
                found[i] = str_of(self.reasons[i])
        return found or None

    def context(self):
        """The encoded context, float32 (d,)."""
        return np.array(self.context_row, dtype=np.float32)

    def actions(self):
        """The encoded actions, float32 (k, p)."""
        cdef Py_ssize_t k = self.ids.size()
        rows = np.empty((k, self.p), dtype=np.float32)
        cdef float[:, ::1] to = rows
        if k:
            memcpy(&to[0, 0], self.rows.data(), k * self.p * sizeof(float))
        return rows

    cdef bint head(self, Cursor& cursor, Py_ssize_t most) except -1:
        """Passes the request."""
        cdef Span name
        cdef bint customer = False, context = False, actions = False
        cdef unsigned others = 0, other
        self.wanted_id.at = NULL
        self.ids.clear()
        self.codes.clear()
        self.reasons.clear()
        self.any_reason = False
        if not found(cursor, b"{"):
            return False
        while True:
            if not text(cursor, name) or not found(cursor, b":"):
                return False
            if is_name(name, b"customer") and not customer:
                customer = True
                if not self.customer_of(cursor):
                    return False
            elif is_name(name, b"context") and not context:
                context = True
                self.context_row = self.sides[0].nothing
                if not put_values(cursor, self.sides[0], self.context_row.data()):
                    return False
            elif is_name(name, b"actions") and not actions:
                actions = True
                if not self.actions_of(cursor, most):
                    return False
            elif is_name(name, b"decision_id") and self.wanted_id.at == NULL:
                if not text(cursor, self.wanted_id) or not is_id(self.wanted_id):
                    return False
            else:
                other = is_off(name)
                if not other or others & other or not word(cursor, b"false"):
                    return False
                others |= other
            if not found(cursor, b","):
                return customer and context and actions and found(cursor, b"}")

    cdef bint customer_of(self, Cursor& cursor) noexcept:
        """Passes a customer who consents."""
        cdef Span name
        cdef bint consent = False
        self.customer_id.at = NULL
        if not found(cursor, b"{"):
            return False
        while True:
            if not text(cursor, name) or not found(cursor, b":"):
                return False
            if is_name(name, b"id") and self.customer_id.at == NULL:
                if not text(cursor, self.customer_id) or not 0 < self.customer_id.size <= 256:
                    return False
            elif is_name(name, b"consent") and not consent and word(cursor, b"true"):
                consent = True
            else:
                return False
            if not found(cursor, b","):
                return self.customer_id.at != NULL and found(cursor, b"}")

    cdef bint actions_of(self, Cursor& cursor, Py_ssize_t most) except -1:
        """Passes one action or more, each with an id of its own."""
        cdef Py_ssize_t i, k
        cdef size_t slots = 16
        if not found(cursor, b"["):
            return False
        while True:
            if <Py_ssize_t>self.ids.size() == most or not self.action_of(cursor):
                return False
            if not found(cursor, b","):
                break
        k = self.ids.size()
        while slots < 2 * <size_t>k:
            slots *= 2
        self.slots.assign(slots, -1)
        for i in range(k):
            if not self.is_new(i):
                return False
        return found(cursor, b"]")

    cdef bint action_of(self, Cursor& cursor) except -1:
        """Passes an action."""
        cdef Span name, own, kind, reason
        cdef Py_ssize_t at = self.ids.size() * self.p
        cdef size_t code
        cdef bint features = False
        cdef float* row
        if self.rows.size() < <size_t>(at + self.p):
            self.rows.resize(2 * (at + self.p))
        row = self.rows.data() + at
        memcpy(row, self.sides[1].nothing.data(), self.p * sizeof(float))
        own.at = kind.at = reason.at = NULL
        kind.size = 0
        if not found(cursor, b"{"):
            return False
        while True:
            if not text(cursor, name) or not found(cursor, b":"):
                return False
            if is_name(name, b"id") and own.at == NULL:
                if not text(cursor, own) or not 0 < own.size <= 256:
                    return False
            elif is_name(name, b"kind") and kind.at == NULL:
                if not text(cursor, kind):
                    return False
            elif is_name(name, b"unavailable") and reason.at == NULL:
                if not text(cursor, reason) or not 0 < reason.size <= 256:
                    return False
                self.any_reason = True
            elif is_name(name, b"features") and not features:
                features = True
                if not put_values(cursor, self.sides[1], row):
                    return False
            else:
                return False
            if not found(cursor, b","):
                break
        if own.at == NULL or kind.at == NULL or not features or not found(cursor, b"}"):
            return False
        for code in range(self.kinds.size()):
            if is_text(kind, self.kinds[code]):
                row[self.kind_column + code] = 1.0
                self.ids.push_back(own)
                self.codes.push_back(code)
                self.reasons.push_back(reason)
                return True
        return False

    cdef bint is_new(self, Py_ssize_t place) noexcept:
        """Has no action before it the same id?"""
        cdef Span own = self.ids[place], other
        cdef unsigned long long key = own.size
        cdef Py_ssize_t i
        cdef size_t slot
        for i in range(own.size):
            key = (key ^ <unsigned char>own.at[i]) * 0x9E3779B97F4A7C15ULL
        slot = (key >> 32) & (self.slots.size() - 1)
        while self.slots[slot] >= 0:
            other = self.ids[self.slots[slot]]
            if other.size == own.size and memcmp(other.at, own.at, own.size) == 0:
                return False
            slot = (slot + 1) & (self.slots.size() - 1)
        self.slots[slot] = place
        return True


cdef inline bint is_name(const Span& span, const char* other) noexcept:
    """Are they equal? The span ends with a quote, which is in no name."""
    cdef Py_ssize_t i
    for i in range(span.size):
        if span.at[i] != other[i]:
            return False
    return other[span.size] == 0


cdef unsigned is_off(const Span& name) noexcept:
    """A bit for each member that changes nothing while it is false."""
    if is_name(name, b"dry_run"):
        return 1
    if is_name(name, b"roster"):
        return 2
    if is_name(name, b"expected"):
        return 4
    return 8 if is_name(name, b"deferred") else 0


cdef bint is_id(const Span& span) noexcept:
    """Letters, digits or . _ : ~ -, up to 128 of them."""
    cdef Py_ssize_t i
    cdef char c
    for i in range(span.size):
        c = span.at[i]
        if not (
            b"a" <= c <= b"z" or b"A" <= c <= b"Z" or b"0" <= c <= b":" or c == b"." or c == b"_"
            or c == b"~" or c == b"-"
        ):
            return False
    return 0 < span.size <= 128


cdef str_of(const Span& span):
    return PyUnicode_DecodeUTF8(span.at, span.size, NULL)
