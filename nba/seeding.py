"""One seed becomes independent named generators, and keys become reproducible uniform numbers.

Sources: Steele, Lea, Flood 2014 (SplitMix64); NumPy's SeedSequence for the named generators.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

_MANTISSA: Final = 2.0**-53


def generator(seed: int, name: str) -> np.random.Generator:
    """A generator that depends on the seed and on the name of what it is used for.

    >>> generator(7, "day").integers(100) == generator(7, "day").integers(100)
    np.True_
    """
    return np.random.default_rng([seed, text_key(name)])


def text_key(*parts: str) -> int:
    """A 64-bit key of some strings; the same on every machine and in every process.

    >>> text_key("a", "b") == text_key("ab")
    False
    """
    joined = b"".join(len(part.encode()).to_bytes(4, "little") + part.encode() for part in parts)
    return int.from_bytes(hashlib.blake2b(joined, digest_size=8).digest(), "little")


def keyed_uniform(*parts: str) -> float:
    """A uniform number in [0, 1) that is a pure function of its key strings.

    >>> keyed_uniform("decision-1", "digest") == keyed_uniform("decision-1", "digest")
    True
    """
    return (text_key(*parts) >> 11) * _MANTISSA


def keyed_uniforms_of(names: Sequence[str], *rest: str) -> NDArray[np.float64]:
    """`keyed_uniform(name, *rest)` of each name.

    >>> keyed_uniforms_of(["d-1"], "digest")[0] == keyed_uniform("d-1", "digest")
    np.True_
    """
    tail = b"".join(len(part.encode()).to_bytes(4, "little") + part.encode() for part in rest)
    digest, encoded = hashlib.blake2b, [name.encode() for name in names]
    length = {n: n.to_bytes(4, "little") for n in set(map(len, encoded))}
    keys = [digest(length[len(name)] + name + tail, digest_size=8).digest() for name in encoded]
    found = np.frombuffer(b"".join(keys), dtype="<u8") >> np.uint64(11)
    return found.astype(np.float64) * _MANTISSA


def keyed_uniforms(keys: NDArray[np.uint64], salt: int) -> NDArray[np.float64]:
    """Uniform numbers in [0, 1), one per 64-bit key, for a purpose named by the salt.

    >>> keyed_uniforms(np.array([1, 2], dtype=np.uint64), 3).shape
    (2,)
    """
    with np.errstate(over="ignore"):
        z = keys + np.uint64(salt & 0xFFFFFFFFFFFFFFFF) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return np.asarray((z >> np.uint64(11)).astype(np.float64) * _MANTISSA)
