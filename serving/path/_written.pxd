"""A decision as it is written: its record's bytes and its answer's."""

from libcpp.string cimport string

from serving.path._json cimport Span


cdef struct Decided:
    Span decision_id, customer, control, body
    double at  # seconds since the epoch
    Py_ssize_t k, d, p, chosen
    const Span* ids  # (k,)
    const float* rows  # (k, p)
    const float* context  # (d,)
    const double* probabilities  # (k,)
    const double* rewards  # (k,) EUR, or NULL
    const string* kind  # of the chosen action
    const string* why  # three reasons
    const string* policy
    const string* version
    const string* spec_version


cdef int put_record(string& out, const Decided& one, dict excluded, dict funnel) except -1
cdef int put_reply(string& out, const Decided& one, dict excluded) except -1
