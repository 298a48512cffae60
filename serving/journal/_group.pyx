# cython: boundscheck=False, wraparound=False
"""The journal's work on a group of records, quickened: segments, entries, keys and table say what."""

from cpython.bytearray cimport (
    PyByteArray_AS_STRING,
    PyByteArray_FromStringAndSize,
    PyByteArray_GET_SIZE,
    PyByteArray_Resize,
)
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcpy

cdef extern from "_crc32.h" namespace "nba":
    uint32_t crc32(const uint8_t *data, size_t size, uint32_t begun) nogil
    uint32_t adler32(const uint8_t *data, size_t size) nogil

cdef enum:
    HEADER = 12  # of a record: marker, length of the payload, checksum
    ENTRY = 16  # key, offset, kind
    PLACE = 8  # in the table: offset, segment, journal
    ROW = 14  # what the table's place does not tell of the key, and the place
    SHORTEST = 6  # a record's bytes up to its first field
    BATCH = 98  # b
    DECISION = 100  # d
    EMPLOYEE = 114  # r
    EVENT = 101  # e
    ARRAY_16 = 0xDC  # MessagePack's first byte of an array of more than 15
    TEXT = 0xA0  # of a text of up to 31 bytes, with its length
    TEXT_8 = 0xD9  # of one of up to 255, whose length follows


cdef inline uint8_t *_bytes_of(bytes data) noexcept:
    return <uint8_t *>PyBytes_AS_STRING(data)


cdef inline void _put(uint8_t *at, uint32_t number) noexcept nogil:
    at[0] = number & 0xFF
    at[1] = number >> 8 & 0xFF
    at[2] = number >> 16 & 0xFF
    at[3] = number >> 24


def checksum(bytes data not None, uint32_t begun=0):
    """The same as zlib.crc32."""
    return crc32(_bytes_of(data), PyBytes_GET_SIZE(data), begun)


def key_of(bytes decision_id not None):
    """The key of an id, the same in every process."""
    cdef bytes key = PyBytes_FromStringAndSize(NULL, 8)
    cdef const uint8_t *name = _bytes_of(decision_id)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(decision_id)
    _put(_bytes_of(key), crc32(name, size, 0))
    _put(_bytes_of(key) + 4, adler32(name, size))
    return key


def frames(list payloads not None):
    """The records of payloads, one behind the other."""
    cdef Py_ssize_t size = 0, length
    cdef bytes payload
    for payload in payloads:
        length = PyBytes_GET_SIZE(payload)
        if length > 0xFFFFFFFF:
            raise ValueError(f"a record's header cannot tell {length} bytes; send fewer at once")
        size += HEADER + length
    cdef bytes data = PyBytes_FromStringAndSize(NULL, size)
    cdef uint8_t *at = _bytes_of(data)
    for payload in payloads:
        length = PyBytes_GET_SIZE(payload)
        memcpy(at, b"\xffNBR", 4)
        _put(at + 4, <uint32_t>length)
        _put(at + 8, crc32(_bytes_of(payload), length, <uint32_t>length))
        memcpy(at + HEADER, _bytes_of(payload), length)
        at += HEADER + length
    return data


def entries_of_all(list payloads not None, Py_ssize_t start):
    """Entries and offsets of records that lie one behind the other; None if one is a batch."""
    cdef Py_ssize_t count = len(payloads), number, length, size
    cdef bytes payload, entries = PyBytes_FromStringAndSize(NULL, ENTRY * count)
    cdef uint8_t *to = _bytes_of(entries)
    cdef const uint8_t *at
    cdef const uint8_t *end
    cdef list offsets = []
    cdef uint8_t kind
    for payload in payloads:
        at, length = _bytes_of(payload), PyBytes_GET_SIZE(payload)
        if length < SHORTEST:
            return None
        end = at + length
        at += 1 if at[0] < ARRAY_16 else 3
        kind = at[1]
        if kind == BATCH:
            return None
        at += 2
        size = 0
        if TEXT <= at[0] < TEXT + 32:
            size = at[0] - TEXT
            at += 1
        elif at[0] == TEXT_8:
            if end - at < 2:
                return None
            size = at[1]
            at += 2
        size = min(size, end - at)
        _put(to, crc32(at, size, 0))
        _put(to + 4, adler32(at, size))
        _put(to + 8, <uint32_t>start)
        _put(to + 12, kind)
        to += ENTRY
        offsets.append(start)
        start += HEADER + length
    return entries, offsets


def add_rows(list rows not None, bytes entries not None, bytes where not None):
    """Add entries to the table's rows: how many decisions they are, and the offsets of facts."""
    cdef Py_ssize_t number, place, size, decisions = 0
    cdef const uint8_t *at = _bytes_of(entries)
    cdef uint8_t *to
    cdef list facts = []
    assert PyBytes_GET_SIZE(where) == ROW - 10 and PyBytes_GET_SIZE(entries) % ENTRY == 0
    for number in range(PyBytes_GET_SIZE(entries) // ENTRY):
        place = at[0] | at[1] << 8
        own = rows[place]
        if own is None:
            own = rows[place] = PyByteArray_FromStringAndSize(NULL, ROW)
            size = 0
        else:
            size = PyByteArray_GET_SIZE(own)
            PyByteArray_Resize(own, size + ROW)
        to = <uint8_t *>PyByteArray_AS_STRING(own) + size
        memcpy(to, at + 2, 10)
        memcpy(to + 10, _bytes_of(where), ROW - 10)
        if at[12] == DECISION:
            decisions += 1
        elif at[12] == BATCH:  # with the number of its rows above it, in the first of its entries
            decisions += at[13] | at[14] << 8
        elif at[12] == EMPLOYEE or at[12] == EVENT:
            facts.append(at[8] | at[9] << 8 | at[10] << 16 | <Py_ssize_t>at[11] << 24)
        at += ENTRY
    return decisions, facts
