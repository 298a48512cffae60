"""A map of features says where each value comes from, and names what lacks."""

from pathlib import Path
from typing import Any

import pytest

from nba.errors import InputError, RequestError
from nba.listen.contact_features import CONTACT_CENTRE
from serving.personalizer.mapping import FeatureMap, Source, found_at, read_feature_map
from tests.serving.live_server import ROOT

SENT: list[dict[str, Any]] = [
    {"user": {"age": 41, "tier": None}},
    {"user": {"age": 7}, "flat.name": 1, "mobile": True},
]


def test_a_path_leads_into_the_first_object_that_has_it() -> None:
    assert found_at("user.age", SENT) == 41
    assert found_at("mobile", SENT) is True
    assert found_at("user.tier", SENT) is None


def test_a_path_to_an_object_is_refused() -> None:
    with pytest.raises(RequestError, match="user is dict"):
        found_at("user", SENT)


def test_defaults_and_values_fill_in_and_translate() -> None:
    sources = {
        "age": Source("user.age"),
        "mobile": Source(),
        "channel": Source("device", "chat"),
        "topic": Source("topic", values={"fault": "technical"}),
    }
    found = FeatureMap(context=sources).context_values([*SENT, {"topic": "fault"}])
    assert found == {"age": 41, "mobile": True, "channel": "chat", "topic": "technical"}


def test_what_lacks_is_named_with_its_path() -> None:
    features = FeatureMap(action={"wait_s": Source("queue.wait")})
    with pytest.raises(RequestError, match=r"actions\[3\].features has nothing at 'queue.wait'"):
        features.action_values([], 3)


def test_an_action_without_a_kind_is_content() -> None:
    assert FeatureMap().action_values([{"cost": 1}, {"kind": "queue"}], 0) == ("queue", {"cost": 1})
    assert FeatureMap().action_values([{"cost": 1}], 0) == ("content", {"cost": 1})


def test_the_example_names_every_feature_of_the_spec() -> None:
    features = read_feature_map(ROOT / "serving/examples/personalizer.toml")
    assert set(features.context or {}) == {feature.name for feature in CONTACT_CENTRE.context}
    assert set(features.action or {}) == {feature.name for feature in CONTACT_CENTRE.action}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[context]\nhour = { pth = 'x' }", "pth"),
        ("reward_wait_s = 0", "seconds above 0"),
        ("[context", "no map of features"),
    ],
)
def test_a_wrong_file_is_refused_with_what_is_wrong(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "map.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=told):
        read_feature_map(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_feature_map(tmp_path / "absent.toml")
