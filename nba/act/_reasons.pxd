"""What other compiled modules may ask of an explainer."""

from libcpp.string cimport string
from libcpp.vector cimport vector


cdef struct Wording:
    Py_ssize_t column
    double sign  # 1 if more is better, -1 if less is
    double bonus  # what puts it in front
    string label, unit, best


cdef struct Situation:
    const int* kinds  # (k,) codes: equal ones are of a kind
    int employee  # the code of an employee
    const float* rows  # (k, p)
    Py_ssize_t k, p, chosen
    const double* probabilities  # (k,)
    const double* rewards  # (k,) EUR, or NULL


cdef class CompiledExplainer:
    cdef vector[Wording] wordings
    cdef size_t of_all  # how many of the wordings are told of every kind
    cdef string policy, version

    cdef void tell(self, const Situation& now, string* reasons) noexcept
    cdef size_t choose(self, const Situation& now, size_t number, size_t* found) noexcept
