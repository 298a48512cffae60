"""Rows of Arrow as encoded columns, without a look at each row.

What is refused, or asks for more than columns can say, is not told here: such rows are read again
one by one, and that tells it.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from nba.listen.encode import Feature, FeatureSpec
from nba.types import ACTION_KINDS, Bools, Floats, Floats32, Ints
from serving.api.arrow_rows import Arrow
from serving.journal.text_column import TextRun
from serving.path.many import Columns
from serving.policies.plan import DEFAULT

_USUALLY: Final[Mapping[str, bool | str]] = {
    "dry_run": False,
    "roster": False,
    "expected": False,
    "deferred": False,
    "use_case": DEFAULT,
}
_LONGEST_NAME: Final = 256
_MOST_ACTIONS: Final = 2**16 - 1
_ID: Final = r"^[A-Za-z0-9._:~-]{1,128}$"
_MOST_MARKS: Final = 2**24


class Unusual(Exception):  # noqa: N818 no error: another way of reading
    """These rows are to be read one by one."""


class Read(NamedTuple):
    """Some rows of a table in columns."""

    columns: Columns
    action_ids: Arrow  # the same as an Arrow array (N,)


def plain_rows(pa: Arrow, table: Arrow) -> Bools:
    """Which rows have nothing but what columns can say; raises Unusual if none can have."""
    plain = np.ones(len(table), dtype=np.bool_)
    for name in table.column_names:
        column = _whole(table, name)
        if name == "context" or column.null_count == len(column):
            continue
        if name == "decision_id":
            plain &= _named_once(pa, column)
        elif name == "customer":
            customer = _members(pa, column)
            if set(customer) - {"id", "consent"}:
                raise Unusual
            if "consent" in customer:
                plain &= _is(pa, customer["consent"], given=True)
        elif name == "actions":
            plain &= _with_plain_actions(pa, column)
        elif name in _USUALLY:
            plain &= _is(pa, column, given=_USUALLY[name])
        else:
            plain &= _array(column.is_null())
    return plain


def customers_in(pa: Arrow, table: Arrow) -> list[str]:
    """The customer of each row; raises Unusual if one has none."""
    customer = _members(pa, _whole(table, "customer"))
    names: list[str] = _names(pa, customer.get("id")).to_pylist()
    return names


def read_columns(pa: Arrow, table: Arrow, spec: FeatureSpec, *, max_actions: int) -> Read:
    """Plain rows in columns; raises Unusual if anything in them is not as it should be."""
    if not {"customer", "context", "actions"} <= set(table.column_names):
        raise Unusual
    listed = _whole(table, "actions")
    sizes = _array(pa.compute.list_value_length(listed)).astype(np.int64)
    if sizes.max() > min(max_actions, _MOST_ACTIONS):
        raise Unusual
    starts = np.concatenate([[0], np.cumsum(sizes)])
    actions = _members(pa, pa.compute.list_flatten(listed))
    features = _members(pa, actions["features"]) if "features" in actions else {}
    ids, kinds = _names(pa, actions.get("id")), actions.get("kind")
    codes = _codes(pa, kinds, ACTION_KINDS)
    _check_distinct(ids, sizes)
    customer = _members(pa, _whole(table, "customer"))
    named = "decision_id" in table.column_names
    given = _decision_ids(pa, _whole(table, "decision_id")) if named else None
    columns = Columns(
        units=_run(_names(pa, customer.get("id"))),
        ids=None if given is None else _run(given),
        context=_encoded(pa, spec.context, _members(pa, _whole(table, "context")), len(table)),
        sizes=sizes,
        action_ids=_run(ids),
        kinds=codes.astype(np.uint8),
        actions=_encoded(pa, spec.action, {**features, "kind": kinds}, len(ids)),
        starts=starts,
        unavailable=_unavailable(pa, listed, actions.get("unavailable"), starts),
    )
    if "kind" in features:
        raise Unusual
    return Read(columns, ids)


def _named_once(pa: Arrow, column: Arrow) -> Bools:
    """Which rows have an id; raises Unusual if one stands twice."""
    given = _texts(pa, column).drop_null()
    if len(pa.compute.unique(given)) < len(given):
        raise Unusual
    named: Bools = _array(column.is_valid())
    return named


def _with_plain_actions(pa: Arrow, column: Arrow) -> Bools:
    if not (pa.types.is_list(column.type) or pa.types.is_large_list(column.type)):
        raise Unusual
    lengths = pa.compute.list_value_length(column)
    sizes = _array(pa.compute.fill_null(lengths, 0) if lengths.null_count else lengths)
    plain: Bools = sizes > 0
    members = _members(pa, pa.compute.list_flatten(column))
    if set(members) - {"id", "kind", "features", "unavailable"}:
        raise Unusual
    return plain


def _unavailable(
    pa: Arrow, listed: Arrow, column: Arrow | None, starts: Ints
) -> dict[int, dict[int, str]]:
    """Request → place → the caller's reason why an action cannot be taken."""
    if column is None or column.null_count == len(column):
        return {}
    reasons = _names(pa, column.drop_null()).to_pylist()
    places = np.flatnonzero(_array(column.is_valid()))
    rows = _array(pa.compute.list_parent_indices(listed))[places]
    found: dict[int, dict[int, str]] = {}
    own = (places - starts[rows]).tolist()
    for row, place, reason in zip(rows.tolist(), own, reasons, strict=True):
        found.setdefault(row, {})[place] = reason
    return found


def _encoded(
    pa: Arrow, features: Sequence[Feature], given: dict[str, Arrow], rows: int
) -> Floats32:
    """The encoded rows of named columns."""
    unknown = set(given) - {feature.name for feature in features}
    if any(given[name].null_count < rows for name in unknown):
        raise Unusual
    encoded = np.empty((rows, sum(len(f.columns) for f in features)), dtype=np.float32)
    at = 0
    for feature in features:
        width = len(feature.columns)
        column = given.get(feature.name)
        if feature.levels:
            table = np.eye(width, dtype=np.float32)
            encoded[:, at : at + width] = table.take(_codes(pa, column, feature.levels), axis=0)
        elif feature.default is not None and (column is None or column.null_count == rows):
            encoded[:, at], encoded[:, at + 1] = feature.default, 1.0
        else:
            _put(encoded[:, at : at + width], feature, _numbers(pa, column))
        at += width
    return encoded


def _put(columns: Floats32, feature: Feature, values: Floats) -> None:
    if feature.default is not None:
        missing = np.isnan(values)
        values = np.where(missing, feature.default, values)
        columns[:, 1] = missing
    least, most = float(values.min()), float(values.max())  # NaN if one is
    if not (feature.low <= least and most <= feature.high and math.isfinite(most - least)):
        raise Unusual
    columns[:, 0] = values


def _numbers(pa: Arrow, column: Arrow) -> Floats:
    if column is None:
        raise Unusual
    kind = column.type
    if pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        raise Unusual
    column = column.cast(pa.float64(), safe=False)
    found: Floats = _array(column.fill_null(math.nan) if column.null_count else column)
    return found


def _codes(pa: Arrow, column: Arrow, levels: Sequence[str]) -> Ints:
    """Which of the levels each text is."""
    found = pa.compute.index_in(_texts(pa, column), value_set=pa.array(levels))
    if found.null_count:
        raise Unusual
    codes: Ints = _array(found)
    return codes


def _names(pa: Arrow, column: Arrow) -> Arrow:
    """Texts of a fitting length, none absent."""
    texts = _texts(pa, column)
    lengths = _array(pa.compute.binary_length(texts)) if not texts.null_count else np.zeros(1)
    # So many bytes are not too many letters; what is longer is looked at one by one.
    if lengths.min() < 1 or lengths.max() > _LONGEST_NAME:
        raise Unusual
    return texts


def _decision_ids(pa: Arrow, column: Arrow) -> Arrow:
    """The callers' ids; None if there is none at all."""
    if column.null_count == len(column):
        return None
    texts = _texts(pa, column)
    sound = pa.compute.all(pa.compute.match_substring_regex(texts, _ID)).as_py()
    if texts.null_count or not sound:
        raise Unusual
    return texts


def _check_distinct(ids: Arrow, sizes: Ints) -> None:
    """No row names an action twice."""
    encoded = ids.dictionary_encode()
    codes, different = _array(encoded.indices), len(encoded.dictionary)
    marks = np.repeat(np.arange(len(sizes)) * different, sizes) + codes
    if len(sizes) * different > _MOST_MARKS:
        number = len(np.unique(marks))
    else:
        seen = np.zeros(len(sizes) * different, dtype=np.bool_)
        seen[marks] = True
        number = int(np.count_nonzero(seen))
    if number < len(marks):
        raise Unusual


def _texts(pa: Arrow, column: Arrow) -> Arrow:
    if column is None:
        raise Unusual
    kind = column.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        raise Unusual
    return column if column.type == pa.string() else column.cast(pa.string())


def _run(texts: Arrow) -> TextRun:
    """The texts of an Arrow array without copying them."""
    _, ends, data = texts.buffers()
    offsets = np.frombuffer(ends, dtype="<i4")[texts.offset : texts.offset + len(texts) + 1]
    return TextRun(offsets, b"" if data is None else memoryview(data))


def _members(pa: Arrow, column: Arrow) -> dict[str, Arrow]:
    """The columns of a struct; a struct that is absent has none of its members."""
    if not pa.types.is_struct(column.type):
        raise Unusual
    names = [column.type.field(i).name for i in range(column.type.num_fields)]
    if len(set(names)) < len(names):
        raise Unusual
    return dict(zip(names, column.flatten(), strict=True))


def _is(pa: Arrow, column: Arrow, *, given: bool | str) -> Bools:
    """Where a column says this, or nothing."""
    if column.null_count == len(column):
        return np.ones(len(column), dtype=np.bool_)
    wanted = pa.scalar(given)
    if column.type != wanted.type:
        raise Unusual
    found = pa.compute.fill_null(pa.compute.equal(column, wanted), fill_value=True)
    said: Bools = _array(found)
    return said


def _whole(table: Arrow, name: str) -> Arrow:
    """A column in one piece."""
    column = table.column(name)
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()  # which copies


def _array(column: Arrow) -> Arrow:
    """A column without nulls as numpy's array."""
    return column.to_numpy(zero_copy_only=False)
