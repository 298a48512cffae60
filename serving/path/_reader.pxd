"""What other compiled modules may ask of a reader: the request that it read last."""

from libcpp.string cimport string
from libcpp.vector cimport vector

from serving.path._features cimport Side
from serving.path._json cimport Cursor, Span


cdef class CompiledReader:
    cdef vector[Side] sides  # the context, the actions
    cdef vector[string] kinds
    cdef Py_ssize_t d, p, kind_column
    cdef readonly bytes body
    cdef Span customer_id, wanted_id  # wanted_id.at is NULL if the request has none
    cdef vector[Span] ids  # (k,)
    cdef vector[int] codes  # (k,) index into `kinds`
    cdef vector[Span] reasons  # (k,) why it cannot be taken; its `at` is NULL if it can
    cdef bint any_reason
    cdef vector[float] context_row  # (d,)
    cdef vector[float] rows  # (k, p) and more
    cdef vector[int] slots  # by hash: an action's place, or -1

    cdef bint head(self, Cursor& cursor, Py_ssize_t most) except -1
    cdef bint customer_of(self, Cursor& cursor) noexcept
    cdef bint actions_of(self, Cursor& cursor, Py_ssize_t most) except -1
    cdef bint action_of(self, Cursor& cursor) except -1
    cdef bint is_new(self, Py_ssize_t place) noexcept
