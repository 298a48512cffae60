"""The map: read, proposed, refused with the nearest name."""

import json
from pathlib import Path

import pytest

from nba.errors import InputError
from nba.listen.column_map import ColumnMap, make_map, propose_map, read_map

MAP = {
    "action": "arm",
    "reward": "y",
    "n_actions": 12,
    "target_propensity": {"new": "pi_new"},
    "segments": ["tier"],
}


def test_a_map_is_read_from_json_and_toml(tmp_path: Path) -> None:
    (tmp_path / "map.json").write_text(json.dumps(MAP))
    (tmp_path / "map.toml").write_text(
        'action = "arm"\nreward = "y"\nn_actions = 12\nsegments = ["tier"]\n'
        '[target_propensity]\nnew = "pi_new"\n'
    )
    found = read_map(tmp_path / "map.json")
    assert found == read_map(tmp_path / "map.toml")
    assert found.fixed_n_actions == 12
    assert found.columns == ("arm", "y", "pi_new", "tier")


def test_a_map_that_was_printed_can_be_read_again(tmp_path: Path) -> None:
    proposed = propose_map(["ts", "item_id", "click", "propensity_score", "pi_e", "user_id"])
    (tmp_path / "map.json").write_text(proposed.as_json())
    assert read_map(tmp_path / "map.json") == proposed


def test_names_of_well_known_logs_are_proposed() -> None:
    obd = ["", "timestamp", "item_id", "position", "click", "propensity_score", "user_feature_0"]
    assert propose_map(obd) == ColumnMap(
        "item_id", "click", propensity="propensity_score", timestamp="timestamp"
    )
    ours = propose_map(["Decision ID", "Chosen-Action", "Reward_EUR", "Logging Policy"])
    assert (ours.decision_id, ours.action) == ("Decision ID", "Chosen-Action")
    assert (ours.reward, ours.logging_policy) == ("Reward_EUR", "Logging Policy")


def test_a_missing_propensity_column_is_no_obstacle_to_a_proposal() -> None:
    assert propose_map(["arm", "reward"]).propensity == ""


def test_no_proposal_without_an_action_or_a_reward() -> None:
    with pytest.raises(
        InputError, match=r"looks like the action; the log has 'x', 'reward'.*--map"
    ):
        propose_map(["x", "reward"])
    with pytest.raises(InputError, match="looks like the reward"):
        propose_map(["arm", "x"])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"acton": "arm", "reward": "y"}, "unknown name 'acton'; did you mean 'action'"),
        ({"reward": "y"}, '"action"'),
        ({"action": "arm"}, '"reward" column nor "outcomes"'),
        ({"action": "arm", "reward": 3}, '"reward" of the map is 3'),
        ({"action": "arm", "reward": "y", "segments": "tier"}, '"segments" of the map is a list'),
        ({"action": "arm", "outcomes": ["a"]}, '"outcomes" of the map is a table'),
        ({"action": "arm", "outcomes": {"a": "b"}, "weights": {"a": "x"}}, '"weights" of the map'),
        ({"action": "a", "reward": "y", "outcomes": {"a": "b"}, "weights": {"a": 1}}, "one of the"),
    ],
)
def test_a_wrong_map_is_refused_by_name(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said.replace("(", r"\(")):
        make_map(wrong)


def test_a_file_that_is_no_map_is_refused(tmp_path: Path) -> None:
    for name, text in (("map.json", "{"), ("map.toml", "a ="), ("list.json", "[1]")):
        (tmp_path / name).write_text(text)
        with pytest.raises(InputError, match="is no"):
            read_map(tmp_path / name)
    with pytest.raises(InputError, match="cannot be read"):
        read_map(tmp_path / "nowhere.json")
