"""The compiled gatherer of a journal's decisions: see columns.py.

A record that is not in every place as it is written today, or holds a text beyond ASCII, is left to
be decoded, or refused, there. Reading needs no interpreter, so that others have it meanwhile.
"""

from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport uint32_t
from libc.string cimport memcmp, memcpy
from libcpp.string cimport string
from libcpp.vector cimport vector

import numpy as np

from serving.journal._parts cimport Part, names_of, passed

cdef extern from "serving/journal/_crc32.h" namespace "nba":
    uint32_t crc32(const unsigned char* data, size_t size, uint32_t begun) nogil

ctypedef fused Number:
    float
    double
    int
    long long


cdef struct Needed:
    int field
    char kind

cdef Needed[13] _KINDS = [  # what a log reads of a record
    Needed(0, c"s"), Needed(1, c"d"), Needed(2, c"s"), Needed(3, c"s"), Needed(4, c"t"),
    Needed(7, c"s"), Needed(8, c"s"), Needed(10, c"u"), Needed(12, c"b"), Needed(14, c"b"),
    Needed(15, c"b"), Needed(19, c"s"), Needed(20, c"s"),
]


cdef struct Texts:  # different ones, one behind the other
    string bytes
    vector[size_t] ends


cdef struct Gathered:  # the decisions of one feature spec
    string version
    Texts ids, units
    vector[int] modes, use_cases, controls, versions, actions  # places among the names
    vector[double] at, propensity
    vector[long long] sizes, chosen
    vector[float] context, rows
    size_t context_bytes, action_bytes  # of each row


cdef class CompiledGatherer:
    """Gathers decisions from the payloads of their records."""

    cdef vector[Gathered] gathered
    cdef vector[string] names  # texts that come again and again
    cdef vector[int] slots  # by hash: a name's place, or -1
    cdef vector[int] codes  # of the decision that is being taken

    def __init__(self):
        self.slots.assign(1024, -1)

    def run(self, const unsigned char[::1] data, size_t begin, size_t stop):
        """Take the decisions that lie one behind the other; where the first other thing lies."""
        cdef const unsigned char* at
        cdef size_t size, end = data.shape[0]
        with nogil:
            while begin < stop and begin + 12 <= end:
                at = &data[begin]
                size = little(at + 4)
                if memcmp(at, b"\xffNBR", 4) != 0 or size > end - begin - 12 or size < 5:
                    break
                if crc32(at + 12, size, <uint32_t>size) != little(at + 8):
                    break
                if not self.taken(at + 12, at + 12 + size):
                    break
                begin += 12 + size
        return begin

    def take(self, const unsigned char[::1] payload):
        """Is it a decision for learning in the form of today? Then it is taken."""
        if payload.shape[0] < 5:
            return False
        return self.taken(&payload[0], &payload[0] + payload.shape[0])

    def add(self, row):
        """Take a decision that has been decoded."""
        cdef const double[::1] probabilities = np.frombuffer(row.probabilities, dtype="<f8")
        cdef Gathered* to = self.of_spec(row.spec_version.encode())
        if not 0 <= row.chosen < probabilities.shape[0]:
            raise IndexError(f"decision {row.decision_id!r} chose action {row.chosen}")
        put(to.ids, row.decision_id.encode())
        put(to.units, row.unit.encode())
        to.modes.push_back(self.code(row.mode.encode()))
        to.use_cases.push_back(self.code(row.use_case.encode()))
        to.controls.push_back(self.code(row.control.encode()))
        to.versions.push_back(self.code(row.policy_version.encode()))
        for name in row.action_ids:
            to.actions.push_back(self.code(name.encode()))
        to.at.push_back(row.at)
        to.propensity.push_back(probabilities[row.chosen])
        to.sizes.push_back(len(row.action_ids))
        to.chosen.push_back(row.chosen)
        if to.sizes.size() == 1:
            to.context_bytes = len(row.context)
            to.action_bytes = len(row.actions) // max(1, len(row.action_ids))
        extend(to.context, row.context, len(row.context))
        extend(to.rows, row.actions, len(row.actions))

    def columns(self):
        """Spec version → the fields of a `serving.journal.columns.Columns`."""
        cdef size_t i
        names = np.empty(self.names.size(), dtype=object)
        names[:] = [self.names[i].decode() for i in range(self.names.size())]
        found = {}
        for i in range(self.gathered.size()):
            found[self.gathered[i].version.decode()] = fields_of(self.gathered[i], names)
        return found

    cdef bint taken(self, const unsigned char* at, const unsigned char* end) noexcept nogil:
        cdef Part[21] parts  # its first fields
        cdef vector[Part] names
        cdef size_t i, k
        cdef Gathered* to
        # The head of an array of 22 members or more, and the tag.
        if at[0] != 0xDC or (at[1] << 8 | at[2]) < 22 or at[3] != 0xA1 or at[4] != c"d":
            return False
        at += 5
        for i in range(21):
            at = names_of(at, end, names) if i == 9 else passed(at, end, &parts[i])
            if at == NULL:
                return False
        for i in range(13):
            if parts[_KINDS[i].field].kind != _KINDS[i].kind:
                return False
            if _KINDS[i].kind == c"s" and not is_ascii(parts[_KINDS[i].field]):
                return False
        k = names.size()
        if parts[10].value >= k or parts[12].size != 8 * k:
            return False
        self.codes.clear()
        for i in range(k):
            if not is_ascii(names[i]):
                return False
            self.codes.push_back(self.code(text_of(names[i])))
        to = self.of_spec(text_of(parts[8]))
        if to.sizes.empty():
            to.context_bytes, to.action_bytes = parts[14].size, parts[15].size // k
        if parts[14].size != to.context_bytes or parts[15].size != k * to.action_bytes:
            return False
        put(to.ids, text_of(parts[0]))
        put(to.units, text_of(parts[2]))
        to.modes.push_back(self.code(text_of(parts[3])))
        to.use_cases.push_back(self.code(text_of(parts[19])))
        to.controls.push_back(self.code(text_of(parts[20])))
        to.versions.push_back(self.code(text_of(parts[7])))
        to.actions.insert(to.actions.end(), self.codes.begin(), self.codes.end())
        to.at.push_back(double_of(parts[1].value))
        to.propensity.push_back(double_at(parts[12].at + 8 * parts[10].value))
        to.sizes.push_back(k)
        to.chosen.push_back(parts[10].value)
        extend(to.context, <const char*>parts[14].at, parts[14].size)
        extend(to.rows, <const char*>parts[15].at, parts[15].size)
        return True

    cdef Gathered* of_spec(self, const string& version) noexcept nogil:
        """What is gathered of one feature spec; until the next call."""
        cdef size_t i
        for i in range(self.gathered.size()):
            if self.gathered[i].version == version:
                return &self.gathered[i]
        self.gathered.resize(self.gathered.size() + 1)
        self.gathered.back().version = version
        return &self.gathered.back()

    cdef int code(self, const string& name) noexcept nogil:
        """The place of a text among the names; a new one is added."""
        cdef size_t slot = self.slot_of(name)
        if self.slots[slot] >= 0:
            return self.slots[slot]
        self.slots[slot] = self.names.size()
        self.names.push_back(name)
        if 2 * self.names.size() > self.slots.size():
            self.grow()
        return self.names.size() - 1

    cdef size_t slot_of(self, const string& name) noexcept nogil:
        """Where a name stands, or would."""
        cdef unsigned long long key = name.size()
        cdef size_t i, slot
        for i in range(name.size()):
            key = (key ^ <unsigned char>name[i]) * 0x9E3779B97F4A7C15ULL
        slot = key >> 32 & (self.slots.size() - 1)
        while self.slots[slot] >= 0 and self.names[self.slots[slot]] != name:
            slot = (slot + 1) & (self.slots.size() - 1)
        return slot

    cdef void grow(self) noexcept nogil:
        """Make twice as many slots."""
        cdef size_t place
        self.slots.assign(2 * self.slots.size(), -1)
        for place in range(self.names.size()):
            self.slots[self.slot_of(self.names[place])] = place


cdef fields_of(const Gathered& one, names):
    """The fields of a `Columns`."""
    return {
        "decision_id": texts_of(one.ids), "unit": texts_of(one.units),
        "mode": names[array_of(one.modes)], "use_case": names[array_of(one.use_cases)],
        "control": names[array_of(one.controls)],
        "policy_version": names[array_of(one.versions)],
        "action_codes": array_of(one.actions), "action_names": names,
        "at": array_of(one.at), "propensity": array_of(one.propensity),
        "sizes": array_of(one.sizes), "chosen": array_of(one.chosen),
        "context": array_of(one.context), "actions": array_of(one.rows),
    }


cdef texts_of(const Texts& texts):
    """A text column."""
    cdef size_t i, begin = 0
    cdef list found = []
    for i in range(texts.ends.size()):
        found.append(
            PyUnicode_DecodeUTF8(texts.bytes.data() + begin, texts.ends[i] - begin, NULL)
        )
        begin = texts.ends[i]
    column = np.empty(len(found), dtype=object)
    column[:] = found
    return column


cdef array_of(const vector[Number]& values):
    """A copy as an array."""
    if Number is float:
        found = np.empty(values.size(), dtype=np.float32)
    elif Number is double:
        found = np.empty(values.size(), dtype=np.float64)
    elif Number is int:
        found = np.empty(values.size(), dtype=np.int32)
    else:
        found = np.empty(values.size(), dtype=np.int64)
    cdef Number[::1] to = found
    if values.size():
        memcpy(&to[0], values.data(), sizeof(Number) * values.size())
    return found


cdef void put(Texts& texts, const string& text) noexcept nogil:
    texts.bytes.append(text)
    texts.ends.push_back(texts.bytes.size())


cdef void extend(vector[float]& to, const char* data, size_t size) noexcept nogil:
    cdef size_t before = to.size()
    to.resize(before + size // 4)
    memcpy(to.data() + before, data, size // 4 * 4)


cdef bint is_ascii(const Part& part) noexcept nogil:
    cdef size_t i
    for i in range(part.size):
        if part.at[i] >= 0x80:
            return False
    return True


cdef string text_of(const Part& part) noexcept nogil:
    return string(<const char*>part.at, part.size)


cdef size_t little(const unsigned char* at) noexcept nogil:
    """A number in four bytes, the lowest first."""
    return at[0] | at[1] << 8 | at[2] << 16 | <size_t>at[3] << 24


cdef double double_of(unsigned long long bits) noexcept nogil:
    cdef double value
    memcpy(&value, &bits, 8)
    return value


cdef double double_at(const unsigned char* at) noexcept nogil:
    cdef double value
    memcpy(&value, at, 8)
    return value
