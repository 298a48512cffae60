"""Named values of a feature spec's context or action, put where their columns are."""

from libcpp.string cimport string
from libcpp.vector cimport vector

from serving.path._json cimport Cursor


cdef struct Field:
    string name
    bint needed
    Py_ssize_t column
    double low, high
    vector[string] levels  # not empty: a category


cdef struct Side:  # of a spec: its context, or its actions
    vector[Field] fields
    vector[float] nothing  # the row of which no value was given
    vector[unsigned] seen  # by field: in which object it was seen last
    unsigned objects
    Py_ssize_t needed  # how many fields


cdef void add_field(Side& side, feature) except *
cdef bint put_values(Cursor& cursor, Side& side, float* row) except -1
