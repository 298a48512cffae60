"""Vowpal Wabbit's dsjson: events become decisions, features become columns, faults name lines."""

import json
from pathlib import Path

import numpy as np
import pytest

from nba.errors import InputError, LogError
from nba.evaluate.weighting import ips
from nba.listen.dsjson import is_dsjson, read_dsjson
from tests.flat_files import flat_rows, write_jsonl

Event = dict[str, object]


def event(number: int, taken: int = 2, cost: float = -1.0, **more: object) -> Event:
    """Three actions; `a` and `p` begin with the one that was taken."""
    others = [i for i in (1, 2, 3) if i != taken]
    return {
        "_label_cost": cost,
        "_label_probability": 0.6,
        "_label_Action": taken,
        "_labelIndex": taken - 1,
        "o": [{"v": -cost, "EventId": f"e{number}"}],
        "Timestamp": f"2026-01-01T00:00:{number % 60:02d}.2500000Z",
        "Version": "1",
        "EventId": f"e{number}",
        "a": [taken, *others],
        "c": {
            "User": {"age": 30 + number, "city": "Graz", "_hidden": 5},
            "vip": True,
            "_multi": [
                {"_tag": "sport", "Topic": {"words": [0.5, 1.5]}},
                {"_tag": "news", "Topic": {"kind": "local"}, "Extra": [{"price": 2}]},
                {"Topic": {"kind": "world"}},
            ],
        },
        "p": [0.6, 0.3, 0.1],
        "VWState": {"m": f"model-{number // 2}"},
        **more,
    }


def write(folder: Path, *events: Event) -> Path:
    return write_jsonl(folder / "log.json", list(events))


def test_an_event_becomes_a_decision(tmp_path: Path) -> None:
    log = read_dsjson(write(tmp_path, event(0), event(1, taken=3, cost=0.5)))
    assert log.decision_id.tolist() == ["e0", "e1"]
    assert log.chosen.tolist() == [1, 2]
    assert log.propensity.tolist() == [0.6, 0.6]
    assert log.reward.tolist() == [1.0, -0.5]
    assert log.at[1] - log.at[0] == 1.0
    assert log.at[0] % 1 == 0.25
    assert log.action_ids.tolist() == ["sport", "news", "3"] * 2
    assert log.policy_version.tolist() == ["model-0", "model-0"]


def test_features_become_columns_by_name(tmp_path: Path) -> None:
    log = read_dsjson(write(tmp_path, event(0), event(1)))
    shared = dict(zip(log.context_names, log.context[1].tolist(), strict=True))
    assert shared == {"User.age": 31.0, "User.city=Graz": 1.0, "vip": 1.0}
    of_news = dict(zip(log.action_names, log.actions[1].tolist(), strict=True))
    assert of_news == {
        "Extra.price": 2.0, "Topic.kind=local": 1.0, "Topic.kind=world": 0.0,
        "Topic.words[0]": 0.0, "Topic.words[1]": 0.0,
    }  # fmt: skip


def test_action_sets_may_differ_and_estimators_read_them(tmp_path: Path) -> None:
    two = event(1, taken=1)
    two["c"] = {"_multi": [{"Topic": {"kind": "local"}}, {"Topic": {"kind": "world"}}]}
    two |= {"a": [1, 2], "p": [0.6, 0.4]}
    log = read_dsjson(write(tmp_path, event(0), two))
    assert np.diff(log.offsets).tolist() == [3, 2]
    target = np.array([0.0, 1.0, 0.0, 0.5, 0.5])
    assert ips(log, target).value == pytest.approx((1 / 0.6 + 0.5 / 0.6) / 2)


def test_without_a_label_the_probability_is_looked_up(tmp_path: Path) -> None:
    plain = event(0)
    del plain["_label_probability"], plain["_label_cost"]
    log = read_dsjson(write(tmp_path, plain))
    assert log.propensity[0] == 0.6
    assert np.isnan(log.reward[0])


def test_rewards_without_a_decision_are_left_out(tmp_path: Path) -> None:
    dangling: Event = {"RewardValue": 1.0, "EventId": "lost"}
    assert len(read_dsjson(write(tmp_path, event(0), dangling))) == 1
    with pytest.raises(LogError, match="holds no decision event"):
        read_dsjson(write(tmp_path, dangling))


@pytest.mark.parametrize(
    ("spoiled", "said"),
    [
        (event(1, p=[0.6, 0.3, 0.3]), "p sums to 1.2"),
        (event(1, p=[0.6, 0.4]), "a has 3 actions and p 2"),
        (event(1, _label_Action=4), "action 4 was taken of 3"),
        (event(1, c={"User": {}}), "it has no '_multi'"),
        (event(1, p=["x", 0.3, 0.1]), "could not convert"),
        (event(1, pdrop=0.5), "pdrop is 0.5"),
        (event(1, Timestamp="yesterday"), "yesterday"),
    ],
)
def test_a_faulty_event_names_its_line(tmp_path: Path, spoiled: Event, said: str) -> None:
    with pytest.raises(LogError, match=f"line 2 of .*{said}"):
        read_dsjson(write(tmp_path, event(0), spoiled))


def test_names_among_the_features_are_refused(tmp_path: Path) -> None:
    events = [event(i, c={"_multi": [{"id": f"x{i}{k}"} for k in range(3)]}) for i in range(20)]
    with pytest.raises(InputError, match="60 features, such as 'id=x00'; at most 50"):
        read_dsjson(write(tmp_path, *events), most_features=50)


def test_other_json_lines_are_told_apart(tmp_path: Path) -> None:
    assert is_dsjson(write(tmp_path, event(0)))
    assert not is_dsjson(write_jsonl(tmp_path / "flat.jsonl", flat_rows(3)))
    (tmp_path / "text").write_text(json.dumps([1]))
    assert not is_dsjson(tmp_path / "text")
