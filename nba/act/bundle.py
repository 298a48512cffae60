"""The policy file: one safetensors file with the arrays, and the card in its metadata.

Its digests cover the arrays and the card, and golden inputs with their probabilities prove on
loading that this machine computes what was saved. numpy and safetensors suffice; no pickle.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError

from nba.act.golden import golden_inputs
from nba.act.kinds import assemble, parts_of
from nba.errors import InputError, PolicyFileError
from nba.listen.encode import FeatureSpec
from nba.listen.objective import Objective
from nba.types import Policy

FORMAT: Final = "nba-policy"
FORMAT_VERSION: Final = "1"
_KEYS: Final = {"format", "format_version", "card", "card_sha256", "tensors_sha256"}
_TOLERANCE: Final = 1e-5
_GOLDEN: Final = ("golden.context", "golden.actions", "golden.mask", "golden.probabilities")

Tensors = Mapping[str, NDArray[Any]]  # any dtype that safetensors stores


@dataclass(frozen=True, slots=True)
class Card:
    """What a policy file says about its policy beside the arrays; the dicts hold JSON values."""

    spec: FeatureSpec
    objective: Objective = field(default_factory=Objective)
    training: Mapping[str, object] = field(default_factory=dict)  # how it came about
    evaluation: Mapping[str, object] = field(default_factory=dict)  # the evidence for it


@dataclass(frozen=True, slots=True)
class LoadedPolicy:
    """A policy from a file; its version is the first twelve digits of the digest."""

    policy: Policy
    kind: str  # one of nba.act.kinds.KINDS
    card: Card
    digest: str  # sha256 over card and arrays, hexadecimal


def save_policy(path: Path | str, policy: Policy, card: Card) -> str:
    """Write the policy file atomically; returns the version that loading it will give.

    The same policy and card give the same bytes. Raises PolicyFileError for a policy without a
    file kind, InputError for a card that is not JSON.
    """
    path = Path(path)
    kind, settings, tensors = parts_of(policy)
    context, actions, mask = golden_inputs(card.spec)
    golden = (context, actions, mask, policy.batch_probabilities(context, actions, mask))
    tensors = {**tensors, **dict(zip(_GOLDEN, golden, strict=True))}
    tensors = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    text = _card_text(kind, settings, card)
    metadata = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "card": text,
        "card_sha256": _sha256(text.encode()),
        "tensors_sha256": tensors_sha256(tensors),
    }
    _write_atomically(path, in_one_order(safetensors.numpy.save(tensors, metadata)))
    return _digest(metadata)[:12]


def load_policy(path: Path | str, *, spec: FeatureSpec | None = None) -> LoadedPolicy:
    """The policy of a file, verified: digests, format, spec, and golden probabilities to 1e-5.

    With `spec` the file must be made for that spec. Raises PolicyFileError naming what differs.
    """
    try:
        return _load(Path(path).read_bytes(), spec)
    except OSError as error:
        raise PolicyFileError(
            f"policy file {path} cannot be read ({error.strerror}); give the path of a file "
            "that `nba train` wrote"
        ) from error
    except PolicyFileError as error:
        raise PolicyFileError(f"policy file {path} {error}") from error


def _load(raw: bytes, spec: FeatureSpec | None) -> LoadedPolicy:
    metadata, tensors = _unpack(raw)
    _check_metadata(metadata, tensors)
    if in_one_order(raw) != raw:
        raise PolicyFileError("is damaged (its header was changed); copy or export it again")
    plain = json.loads(metadata["card"])
    digest = _digest(metadata)
    try:
        card = _card(plain)
        _check_spec(card.spec, plain["spec_version"], spec)
        own = {name: array for name, array in tensors.items() if name not in _GOLDEN}
        kind = plain["policy"]["kind"]
        settings = plain["policy"]["settings"]
        policy = assemble(kind, settings, own, spec=card.spec, version=digest[:12])
        context, actions, mask, expected = (tensors[name] for name in _GOLDEN)
        found = policy.batch_probabilities(context, actions, mask)
    except PolicyFileError:
        raise
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise PolicyFileError(f"has a card and arrays that do not fit: {error}") from error
    worst = float(np.abs(found - expected).max())
    if not worst <= _TOLERANCE:
        raise PolicyFileError(
            f"gives other probabilities here than where it was saved (by {worst:.2g}); "
            "use the versions of constraints.txt or export it again"
        )
    return LoadedPolicy(policy, kind, card, digest)


def _unpack(raw: bytes) -> tuple[Mapping[str, str], Tensors]:
    try:
        header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
        tensors = safetensors.numpy.load(raw)
        metadata = header["__metadata__"]
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise PolicyFileError(
            f"is damaged or no policy file ({type(error).__name__}); copy or export it again"
        ) from error
    return metadata, tensors


def _check_metadata(metadata: Mapping[str, str], tensors: Tensors) -> None:
    if metadata.get("format") != FORMAT:
        raise PolicyFileError(
            f"is a safetensors file of format {metadata.get('format')!r}, not {FORMAT!r}; "
            "give a file that `nba train` wrote"
        )
    if metadata.get("format_version") != FORMAT_VERSION:
        raise PolicyFileError(
            f"has format version {metadata.get('format_version')!r}; this program reads "
            f"{FORMAT_VERSION!r}: export it again with this version"
        )
    if set(metadata) != _KEYS:
        raise PolicyFileError("is damaged (its metadata keys differ); copy or export it again")
    for name, found in (
        ("card", _sha256(metadata["card"].encode())),
        ("tensors", tensors_sha256(tensors)),
    ):
        if metadata[f"{name}_sha256"] != found:
            raise PolicyFileError(
                f"is damaged (the digest of its {name} differs); copy or export it again"
            )


def _check_spec(own: FeatureSpec, written_as: str, needed: FeatureSpec | None) -> None:
    if own.version != written_as:
        raise PolicyFileError(
            f"has a feature spec that reads as version {own.version} here and was written as "
            f"{written_as}; export it again with this version"
        )
    if needed is not None and own.version != needed.version:
        odd = sorted(
            {*own.context_names, *own.action_names} ^ {*needed.context_names, *needed.action_names}
        )
        differ = ", ".join(odd) if odd else "units, ranges or order"
        raise PolicyFileError(
            f"is made for feature spec {own.name!r} version {own.version}; {needed.name!r} version "
            f"{needed.version} is needed (they differ in {differ}): train or export it for that"
        )


def _card_text(kind: str, settings: Mapping[str, object], card: Card) -> str:
    plain = {
        "policy": {"kind": kind, "settings": settings},
        "spec": card.spec.to_json(),
        "spec_version": card.spec.version,
        "objective": dict(card.objective.weights),
        "training": dict(card.training),
        "evaluation": dict(card.evaluation),
    }
    try:
        return json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"the policy's card is not JSON: {error}; use text, finite numbers, lists and dicts"
        ) from error


def _card(plain: Mapping[str, Any]) -> Card:
    return Card(
        spec=FeatureSpec.from_json(plain["spec"]),
        objective=Objective(plain["objective"]),
        training=plain["training"],
        evaluation=plain["evaluation"],
    )


def in_one_order(raw: bytes) -> bytes:
    """The same safetensors file with its header sorted, so that equal content is equal bytes."""
    end = 8 + int.from_bytes(raw[:8], "little")
    header = json.dumps(json.loads(raw[8:end]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)  # arrays stay aligned
    return len(header).to_bytes(8, "little") + header + raw[end:]


def tensors_sha256(tensors: Tensors) -> str:
    """The digest of arrays with their names, types and shapes; of no order."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        array = tensors[name]
        digest.update(json.dumps([name, array.dtype.str, list(array.shape)]).encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _digest(metadata: Mapping[str, str]) -> str:
    return _sha256((metadata["card_sha256"] + metadata["tensors_sha256"]).encode())


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _write_atomically(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise InputError(
            f"policy file {path} cannot be written ({error.strerror}); give a writable path"
        ) from error
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
