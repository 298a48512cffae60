"""Keys: what a record is found by, in eight bytes, and the entry that says where it lies.

A key need not be unique: who finds an entry reads the record and compares the id.
"""

import zlib
from collections.abc import Callable
from struct import Struct
from typing import Final

from nba.compiled import compiled

_KEY: Final = Struct("<II")
ENTRY: Final = Struct("<8sII")  # key, offset in its segment, kind of the record
ENTRY_BYTES: Final = ENTRY.size
_TEXT_8: Final = 0xD9  # MessagePack's first byte of a text of up to 255 bytes
_ARRAY_16: Final = 0xDC  # and of an array of more than 15


def key_plainly(decision_id: bytes) -> bytes:
    """The key of an id, the same in every process.

    >>> key_plainly(b"d-1") == key_plainly(b"d-1") != key_plainly(b"d-2")
    True
    """
    return _KEY.pack(zlib.crc32(decision_id), zlib.adler32(decision_id))


_compiled = compiled("serving.journal._group")
key_of: Final[Callable[[bytes], bytes]] = key_plainly if _compiled is None else _compiled.key_of


def id_of(payload: bytes | memoryview) -> bytes:
    """The first field of a record, which is the id it is found by; empty if that is no text.

    >>> import msgspec
    >>> id_of(msgspec.msgpack.encode(["o", "d-1", 2.0])), id_of(msgspec.msgpack.encode(["z", 1]))
    (b'd-1', b'')
    """
    # The header of the array (one byte or three), the tag (its length and one letter), the field.
    at = 3 if payload[0] < _ARRAY_16 else 5
    head = payload[at] if at < len(payload) else 0
    if 0xA0 <= head < 0xC0:  # a text of up to 31 bytes has its length in its first byte
        return bytes(payload[at + 1 : at + 1 + head - 0xA0])
    if head == _TEXT_8:
        return bytes(payload[at + 2 : at + 2 + payload[at + 1]])
    return b""


def entry_of(payload: bytes | memoryview, offset: int) -> bytes:
    """The entry of a record that lies at an offset of its segment."""
    kind = payload[2] if payload[0] < _ARRAY_16 else payload[4]
    return ENTRY.pack(key_of(id_of(payload)), offset, kind)
