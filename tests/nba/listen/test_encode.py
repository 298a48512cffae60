"""One spec turns named values into columns, and refuses what it does not know."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nba.errors import InputError
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.encode import Feature, FeatureSpec, Value

SPEC = FeatureSpec(
    "small",
    context=(
        Feature("wait_s", "s", 0, 600),
        Feature("sentiment", "score", -1, 1, default=0.25),
        Feature("channel", levels=("voice", "chat")),
    ),
    action=(Feature("cost_eur", "EUR", 0, 10),),
)
WHOLE: dict[str, Value] = {"wait_s": 30, "sentiment": -0.5, "channel": "chat"}


def value_of(feature: Feature) -> st.SearchStrategy[Value]:
    if feature.levels:
        return st.sampled_from(feature.levels)
    number = st.floats(feature.low, feature.high)
    return number if feature.default is None else st.none() | number


def values_of(features: tuple[Feature, ...]) -> st.SearchStrategy[dict[str, Value]]:
    return st.fixed_dictionaries({feature.name: value_of(feature) for feature in features})


def test_numbers_keep_their_unit_and_categories_become_columns() -> None:
    assert SPEC.context_names == (
        "wait_s",
        "sentiment",
        "sentiment_missing",
        "channel=voice",
        "channel=chat",
    )
    assert SPEC.encode_context(WHOLE).tolist() == [30.0, -0.5, 0.0, 0.0, 1.0]


@pytest.mark.parametrize("absent", [{}, {"sentiment": None}])
def test_an_absent_optional_number_takes_its_default_and_says_so(
    absent: dict[str, Value],
) -> None:
    values: dict[str, Value] = {"wait_s": 30, "channel": "voice", **absent}
    row = SPEC.encode_context(values)
    assert row[SPEC.context_column("sentiment")] == 0.25
    assert row[SPEC.context_column("sentiment_missing")] == 1.0


@given(values_of(CONTACT_CENTRE.context), values_of(CONTACT_CENTRE.action))
def test_every_value_in_range_is_encoded_in_its_own_column(
    context: dict[str, Value], action: dict[str, Value]
) -> None:
    sides = (
        (context, CONTACT_CENTRE.encode_context(context), CONTACT_CENTRE.context_names),
        (action, CONTACT_CENTRE.encode_action(action), CONTACT_CENTRE.action_names),
    )
    for values, row, names in sides:
        assert row.shape == (len(names),)
        assert np.isfinite(row).all()
        encoded = dict(zip(names, row, strict=True))
        for name, value in values.items():
            if isinstance(value, str):
                assert encoded[f"{name}={value}"] == 1.0
                assert (
                    sum(encoded[column] for column in names if column.startswith(f"{name}=")) == 1.0
                )
            elif value is not None:
                assert encoded[name] == value


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mood": 1}, "context has an unknown feature 'mood'; the policy's spec knows channel, "),
        ({"wait_s": None}, "context.wait_s is absent; a number is needed"),
        ({"wait_s": "long"}, "context.wait_s is 'long'; a finite number is needed"),
        ({"wait_s": float("nan")}, "context.wait_s is nan; a finite number is needed"),
        ({"wait_s": 601}, "context.wait_s is 601 s; its range is [0, 600]"),
        ({"sentiment": -1.5}, "context.sentiment is -1.5 score; its range is [-1, 1]"),
        ({"channel": "fax"}, "context.channel is 'fax'; use one of voice, chat"),
        ({"channel": None}, "context.channel is None; use one of voice, chat"),
        ({"channel": 1}, "context.channel is 1; use one of voice, chat"),
    ],
)
def test_a_value_that_does_not_fit_is_named(change: dict[str, Value], words: str) -> None:
    with pytest.raises(InputError) as refused:
        SPEC.encode_context({**WHOLE, **change})
    assert str(refused.value).startswith(words)


def test_the_caller_says_where_a_value_stood() -> None:
    with pytest.raises(InputError, match=r"^actions\[3\]\.cost_eur is absent"):
        SPEC.encode_action({}, where="actions[3]")


def test_a_spec_returns_from_json_unchanged() -> None:
    plain = json.loads(json.dumps(CONTACT_CENTRE.to_json()))
    assert FeatureSpec.from_json(plain) == CONTACT_CENTRE
    assert FeatureSpec.from_json(plain).version == CONTACT_CENTRE.version


@pytest.mark.parametrize(
    "plain",
    [{}, {"name": "x", "context": 5, "action": []}, {"name": "x", "context": [{}], "action": []}],
)
def test_an_unreadable_spec_is_a_users_error(plain: dict[str, object]) -> None:
    with pytest.raises(InputError, match="the feature spec is not readable"):
        FeatureSpec.from_json(plain)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"unit": "min"},
        {"low": 1.0},
        {"high": 900.0},
        {"default": 0.0},
    ],
)
def test_any_change_of_a_feature_is_another_version(change: dict[str, str | float]) -> None:
    first = replace(SPEC.context[0], **change)  # type: ignore[arg-type]  # fields of several types
    assert FeatureSpec("small", (first, *SPEC.context[1:]), SPEC.action).version != SPEC.version


def test_two_columns_of_one_name_are_refused() -> None:
    twice = (Feature("x", default=0.0), Feature("x_missing"))
    with pytest.raises(InputError, match="context features of spec 'bad' repeat a column name"):
        FeatureSpec("bad", context=twice, action=())


def test_no_feature_of_an_employee_is_an_emotion_or_an_id() -> None:
    employee_facts = {feature.name for feature in CONTACT_CENTRE.action}
    refused = ("emotion", "mood", "sentiment", "stress", "voice_tone", "face", "_id", "name")
    assert not [fact for fact in employee_facts if any(word in fact for word in refused)]
