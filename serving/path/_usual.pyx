"""The usual decision in one piece: from a request that was read to its record and its answer.

Each step is that of `serving.path.decision`, and so is every byte that comes out. What is not usual
is given up before anything has happened, and decided there.
"""

from hashlib import blake2b

cimport cython
from libc.string cimport memcpy
from libcpp.string cimport string
from libcpp.vector cimport vector

import msgspec
import numpy as np

from nba.act._draw cimport place_drawn
from nba.act._reasons cimport CompiledExplainer, Situation
from nba.act._scorer cimport CompiledScorer
from serving.path._json cimport Span
from serving.path._reader cimport CompiledReader
from serving.path._written cimport Decided, put_record, put_reply

cdef double _MANTISSA = 2.0**-53


@cython.freelist(64)
cdef class UsualMade:
    """A new decision, not yet remembered."""

    cdef readonly bytes body, payload, answer  # of the request, of its record
    cdef readonly str decision_id, kind, policy, version, control
    cdef readonly bint is_callers  # the id: it may be asked for again at any time
    cdef readonly double propensity


cdef class UsualDecision:
    """Makes the usual decisions of one policy under its rules; of one thread."""

    cdef CompiledReader reader
    cdef object decide_with, rules, contexts
    cdef CompiledScorer scorer  # or None: then `decide_with` is asked
    cdef CompiledExplainer explainer
    cdef float[:, ::1] weights  # (r, p) of the rules' first look
    cdef bint always  # is every decision one for the rules?
    cdef list kinds
    cdef str policy_name, policy_version
    cdef int employee
    cdef string tail  # of the draw's key
    cdef string policy, version, spec_version
    # The decision that is being made: its k eligible actions, and what is told of the others.
    cdef Py_ssize_t k
    cdef const Span* ids
    cdef const int* codes
    cdef const float* rows
    cdef vector[Span] own_ids
    cdef vector[int] own_codes
    cdef vector[float] own_rows
    cdef vector[double] probabilities, rewards  # (k,); rewards is empty if none are predicted
    cdef vector[string] why  # three
    cdef dict excluded, funnel  # or None: no rule had a find
    cdef string record, reply

    def __init__(self, CompiledReader reader not None, explainer, decide_with, rules, policy, spec):
        """Of the parts of a `serving.policies.served.Served`.

        Raises ValueError for names that would need escapes in JSON.
        """
        screen = rules.screen
        self.reader, self.rules, self.decide_with = reader, rules, decide_with
        self.explainer = CompiledExplainer(explainer)
        self.scorer = decide_with if isinstance(decide_with, CompiledScorer) else None
        self.weights = np.ascontiguousarray(screen.weights.T)
        self.contexts, self.always = screen.contexts, screen.always
        self.kinds = [kind.decode() for kind in reader.kinds]
        self.employee = self.kinds.index("employee") if "employee" in self.kinds else -1
        for name in (policy.name, policy.version, spec.version):
            if msgspec.json.encode(name) != b'"%b"' % name.encode():
                raise ValueError(f"{name!r} needs an escape in JSON")
        self.policy_name, self.policy_version = policy.name, policy.version
        self.policy, self.version = policy.name.encode(), policy.version.encode()
        self.spec_version = spec.version.encode()
        self.why.resize(3)
        put_size(self.tail, self.version.size())
        self.tail.append(self.version)

    def decide(self, str decision_id not None, double now, str control not None=""):
        """The decision of the request that the reader holds, as a `UsualMade`.

        None if it is not usual; the rules' InputError and whatever a policy raises come through.
        """
        cdef UsualMade made
        cdef Py_ssize_t chosen
        cdef bytes name = decision_id.encode()
        self.k = self.reader.ids.size()
        self.ids, self.codes = self.reader.ids.data(), self.reader.codes.data()
        self.rows = self.reader.rows.data()
        self.excluded = self.funnel = None
        if self.reader.any_reason or self.finds():
            self.apply_rules()
        self.score()
        chosen = self.draw(name)
        if chosen < 0:
            return None
        self.explain(chosen)
        self.write(name, now, control.encode(), chosen)
        made = UsualMade.__new__(UsualMade)
        made.body, made.payload, made.answer = self.reader.body, self.record, self.reply
        made.decision_id, made.kind = decision_id, self.kinds[self.codes[chosen]]
        made.policy, made.version = self.policy_name, self.policy_version
        made.control, made.propensity = control, self.probabilities[chosen]
        made.is_callers = self.reader.wanted_id.at != NULL
        return made

    cdef bint finds(self) except -1:
        """May a rule remove an action?"""
        cdef Py_ssize_t row, rule, i, p = self.reader.p
        cdef double total
        if self.always:
            return True
        if self.contexts:
            context = self.reader.context()
            if any([may(context) for may in self.contexts]):
                return True
        for rule in range(self.weights.shape[0]):
            for row in range(self.k):
                total = 0.0
                for i in range(p):
                    total += self.rows[row * p + i] * self.weights[rule, i]
                if total > 0.0:
                    return True
        return False

    cdef int apply_rules(self) except -1:
        """Leave the actions that the rules leave."""
        cdef Py_ssize_t i, p = self.reader.p
        kinds, ids = self.reader.action_kinds(), self.reader.action_ids()
        applied = self.rules.apply(
            self.reader.context(), self.reader.actions(), kinds,
            unavailable=self.reader.unavailable(),
        )
        self.funnel = applied.funnel
        if applied.keep is None:
            return 0
        self.excluded = {ids[place]: why for place, why in applied.removed.items()}
        self.own_ids.clear()
        self.own_codes.clear()
        self.own_rows.clear()
        for i in applied.keep.nonzero()[0].tolist():
            self.own_ids.push_back(self.reader.ids[i])
            self.own_codes.push_back(self.reader.codes[i])
            self.own_rows.insert(
                self.own_rows.end(), self.rows + i * p, self.rows + (i + 1) * p
            )
        self.k, self.ids, self.codes = self.own_ids.size(), self.own_ids.data(), self.own_codes.data()
        self.rows = self.own_rows.data()
        return 0

    cdef int score(self) except -1:
        """What the policy gives the actions."""
        cdef double* rewards = NULL
        cdef const double[::1] given
        cdef Py_ssize_t k = self.k, p = self.reader.p
        self.probabilities.resize(k)
        self.rewards.clear()
        if self.scorer is not None:
            if self.scorer.predicts:
                self.rewards.resize(k)
                rewards = self.rewards.data()
            self.scorer.fill(
                self.reader.context_row.data(), self.rows, k, self.probabilities.data(), rewards
            )
            return 0
        actions = np.empty((k, p), dtype=np.float32)
        cdef float[:, ::1] to = actions
        memcpy(&to[0, 0], self.rows, k * p * sizeof(float))
        probabilities, predicted = self.decide_with(self.reader.context(), actions)
        given = np.ascontiguousarray(probabilities, dtype=np.float64)
        if given.shape[0] != k:
            raise ValueError(f"{given.shape[0]} probabilities were given for {k} actions")
        self.probabilities.assign(&given[0], &given[0] + k)
        if predicted is not None:
            given = np.ascontiguousarray(predicted, dtype=np.float64)
            if given.shape[0] != k:
                raise ValueError(f"{given.shape[0]} rewards were given for {k} actions")
            self.rewards.assign(&given[0], &given[0] + k)
        return 0

    cdef Py_ssize_t draw(self, bytes name) except -2:
        """The place that `nba.act.decide.draw_one` gives; -1 if this is no distribution."""
        cdef string key
        put_size(key, len(name))
        key.append(<const char*>name, len(name)).append(self.tail)
        digest = blake2b(<bytes>key, digest_size=8).digest()
        uniform = (int.from_bytes(digest, "little") >> 11) * _MANTISSA
        return place_drawn(self.probabilities.data(), self.k, uniform)

    cdef void explain(self, Py_ssize_t chosen) noexcept:
        """Three reasons."""
        cdef Situation now
        cdef Py_ssize_t i
        now.kinds, now.employee, now.rows = self.codes, self.employee, self.rows
        now.k, now.p, now.chosen = self.k, self.reader.p, chosen
        now.probabilities = self.probabilities.data()
        now.rewards = NULL
        if not self.rewards.empty():
            now.rewards = self.rewards.data()
        for i in range(3):
            self.why[i].clear()
        self.explainer.tell(now, self.why.data())

    cdef int write(self, bytes name, double now, bytes control, Py_ssize_t chosen) except -1:
        """The record and the answer."""
        cdef Decided one
        one.decision_id, one.control = span_of(name), span_of(control)
        one.customer, one.body = self.reader.customer_id, span_of(self.reader.body)
        one.at, one.chosen = now, chosen
        one.k, one.d, one.p = self.k, self.reader.d, self.reader.p
        one.ids, one.rows, one.context = self.ids, self.rows, self.reader.context_row.data()
        one.probabilities = self.probabilities.data()
        one.rewards = NULL
        if not self.rewards.empty():
            one.rewards = self.rewards.data()
        one.kind, one.why = &self.reader.kinds[self.codes[chosen]], self.why.data()
        one.policy, one.version = &self.policy, &self.version
        one.spec_version = &self.spec_version
        self.record.clear()
        self.reply.clear()
        put_record(self.record, one, self.excluded, self.funnel)
        put_reply(self.reply, one, self.excluded)
        return 0


cdef Span span_of(bytes data) noexcept:
    cdef Span span
    span.at, span.size = data, len(data)
    return span


cdef void put_size(string& out, size_t size) noexcept:
    """In four bytes, the lowest first."""
    cdef int place
    for place in range(4):
        out.push_back(<char>(size >> (8 * place) & 0xFF))
