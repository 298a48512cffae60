"""The bytes of a usual decision: those of `serving.journal.records` and `serving.schema`."""

from libc.math cimport rint
from libcpp.algorithm cimport stable_sort
from libcpp.string cimport string
from libcpp.vector cimport vector

import msgspec

from nba.act._text cimport put_shortest
from serving.path._json cimport Span
from serving.path._packing cimport (
    pack_array, pack_bytes, pack_count, pack_number, pack_span, pack_string, pack_text, quote_span,
    quote_string,
)

from nba.act.rules import STAGES

_STAGES = [stage.encode() for stage in ("all", *STAGES)]
_AS_RECORD = msgspec.msgpack.Encoder().encode
_AS_JSON = msgspec.json.Encoder().encode


cdef struct Ranked:
    double probability
    Py_ssize_t place


cdef bint is_before(const Ranked& one, const Ranked& other) noexcept:
    return one.probability > other.probability


cdef int put_record(string& out, const Decided& one, dict excluded, dict funnel) except -1:
    """The MessagePack of a `serving.journal.records.DecisionRecord`, its fields in their order."""
    cdef Py_ssize_t i
    pack_array(out, 27)
    pack_text(out, b"d", 1)
    pack_span(out, one.decision_id)
    pack_number(out, one.at)
    pack_span(out, one.customer)
    pack_text(out, b"policy", 6)
    out.push_back(<char>0xC3)  # true: for training
    pack_text(out, b"", 0)  # no fallback
    pack_string(out, one.policy[0])
    pack_string(out, one.version[0])
    pack_string(out, one.spec_version[0])
    pack_array(out, one.k)
    for i in range(one.k):
        pack_span(out, one.ids[i])
    pack_count(out, one.chosen)
    pack_string(out, one.kind[0])
    pack_bytes(out, one.probabilities, 8 * one.k)
    pack_bytes(out, one.rewards, 8 * one.k if one.rewards else 0)
    pack_bytes(out, one.context, 4 * one.d)
    pack_bytes(out, one.rows, 4 * one.k * one.p)
    pack_array(out, 3)
    for i in range(3):
        pack_string(out, one.why[i])
    if excluded:
        put_python(out, _AS_RECORD(excluded))
    else:
        out.push_back(<char>0x80)
    pack_bytes(out, one.body.at, one.body.size)
    pack_text(out, b"default", 7)  # use case
    pack_span(out, one.control)
    pack_text(out, b"", 0)  # no baseline
    out.push_back(<char>0x80)  # no levers
    out.push_back(<char>0x90)  # no shadow
    put_funnel(out, one.k, funnel)
    out.push_back(<char>0xC0)  # no expectations
    return 0


cdef int put_funnel(string& out, Py_ssize_t k, dict funnel) except -1:
    """How many actions each stage of the rules left; None: all of them."""
    cdef bytes stage
    if funnel is not None:
        return put_python(out, _AS_RECORD(funnel))
    out.push_back(<char>(0x80 | len(_STAGES) + 1))
    for stage in _STAGES:
        pack_text(out, stage, len(stage))
        pack_count(out, k)
    pack_text(out, b"chosen", 6)
    pack_count(out, 1)
    return 0


cdef int put_reply(string& out, const Decided& one, dict excluded) except -1:
    """The JSON of a `serving.schema.DecisionReply`."""
    cdef vector[Ranked] order
    cdef Ranked ranked
    cdef Py_ssize_t i
    out.append(b'{"decision_id":')
    quote_span(out, one.decision_id)
    out.append(b',"chosen":{"id":')
    quote_span(out, one.ids[one.chosen])
    out.append(b',"kind":')
    quote_string(out, one.kind[0])
    out.append(b'},"propensity":')
    put_shortest(out, one.probabilities[one.chosen])
    out.append(b',"ranked":[')
    order.resize(one.k)
    for i in range(one.k):
        order[i].probability, order[i].place = one.probabilities[i], i
    stable_sort(order.begin(), order.end(), is_before)
    for i in range(one.k):
        if i:
            out.push_back(b",")
        ranked = order[i]
        out.append(b'{"id":')
        quote_span(out, one.ids[ranked.place])
        out.append(b',"probability":')
        put_shortest(out, ranked.probability)
        if one.rewards:
            out.append(b',"expected_reward_eur":')
            put_shortest(out, rint(one.rewards[ranked.place] * 1e4) / 1e4)
        out.push_back(b"}")
    out.append(b'],"why":[')
    for i in range(3):
        if i:
            out.push_back(b",")
        quote_string(out, one.why[i])
    out.append(b'],"excluded":')
    if excluded:
        put_python(out, _AS_JSON(excluded))
    else:
        out.append(b"{}")
    out.append(b',"policy":')
    quote_string(out, one.policy[0])
    out.append(b',"policy_version":')
    quote_string(out, one.version[0])
    out.append(b',"mode":"policy","fallback":false}')
    return 0


cdef int put_python(string& out, bytes data) except -1:
    out.append(<const char*>data, len(data))
    return 0
