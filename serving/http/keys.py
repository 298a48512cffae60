"""Keys and what they are good for; a server without keys is open, on loopback only by default.

Only digests are kept, and all of them are compared in constant time: neither a log, an error nor
the time an answer takes tells anything about a key.
"""

import hashlib
import hmac
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from nba.errors import InputError, RequestError

KeyScope = Literal["decide", "outcome", "admin"]


class _Key(Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    scopes: Annotated[list[KeyScope], Meta(min_length=1)]
    key: Annotated[str, Meta(min_length=16)] | None = None
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")] | None = None


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    keys: Annotated[list[_Key], Meta(min_length=1)]


@dataclass(frozen=True, slots=True)
class Keys:
    """Digest, name and scopes of each key."""

    known: tuple[tuple[bytes, str, frozenset[str]], ...] = ()

    def name_of(self, headers: Mapping[bytes, bytes], scope: str) -> str:
        """The name of the caller's key; raises RequestError: 401 without one, 403 if too narrow."""
        presented = _presented(headers)
        digest = hashlib.sha256(presented).digest()
        name, scopes = "", frozenset[str]()
        for known, known_name, known_scopes in self.known:  # all of them, whichever it is
            if hmac.compare_digest(known, digest):
                name, scopes = known_name, known_scopes
        if not name:
            message = "no key was sent" if not presented else "the key is unknown"
            remedy = f"send a key with scope {scope!r} as Authorization: Bearer or x-api-key"
            raise RequestError(401, "authorization", message, remedy)
        if scope not in scopes:
            message = f"key {name!r} is good for {', '.join(sorted(scopes))}, not for {scope}"
            remedy = f"use a key with scope {scope!r}"
            raise RequestError(403, "authorization", message, remedy)
        return name


def read_keys(setting: str) -> Keys:
    """The keys of a TOML file, or of TOML text that begins with [[keys]]; none for no setting.

    Raises InputError that names the entry, never what it holds.
    """
    if not setting:
        return Keys()
    inline = setting.lstrip().startswith("[[")
    where = "the text in NBA_SERVE_KEYS" if inline else f"key file {setting}"
    try:
        text = setting if inline else Path(setting).read_text(encoding="utf-8")
        found = msgspec.convert(tomllib.loads(text), _File).keys
    except OSError as error:
        raise InputError(
            f"{where} cannot be read ({error.strerror}); give it with --keys"
        ) from error
    except msgspec.ValidationError as error:
        told = f"{where} is wrong: {error}; each [[keys]] has name, scopes, and key or sha256"
        raise InputError(told) from error
    except ValueError:
        # The parser's own message quotes the text.
        raise InputError(f"{where} is no TOML in UTF-8; write [[keys]] entries") from None
    for key in found:
        if (key.key is None) == (key.sha256 is None):
            raise InputError(f"key {key.name!r} in {where} needs either key or sha256")
    if len({key.name for key in found}) < len(found):
        raise InputError(f"{where} names a key twice; give each its own name")
    return Keys(tuple((_digest(key), key.name, frozenset(key.scopes)) for key in found))


def _digest(key: _Key) -> bytes:
    if key.sha256 is not None:
        return bytes.fromhex(key.sha256)
    assert key.key is not None
    return hashlib.sha256(key.key.encode()).digest()


def _presented(headers: Mapping[bytes, bytes]) -> bytes:
    kind, _, bearer = headers.get(b"authorization", b"").partition(b" ")
    if kind.lower() == b"bearer":
        return bearer.strip()
    # The last is where Personalizer's SDKs put it.
    return headers.get(b"x-api-key") or headers.get(b"ocp-apim-subscription-key", b"")
