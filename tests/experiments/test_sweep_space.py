"""What a sweep tries."""

from pathlib import Path

import pytest

from experiments.config import TrainConfig, read_config
from experiments.learned import FILED
from experiments.sweep_space import default_space, draw_trials
from nba.errors import InputError


def written(folder: Path, text: str) -> Path:
    path = folder / "sweep.toml"
    path.write_text(text)
    return path


RANGES = """
seed = 3
[sweep]
learning_rate = {low = 1e-4, high = 1e-2, log = true}
gae_lambda = {low = 0.5, high = 0.9}
epochs = {low = 1, high = 9, log = true}
hidden = [16, 64]
"""


def test_every_trial_lies_in_the_ranges_and_the_first_is_the_file_itself(tmp_path: Path) -> None:
    path = written(tmp_path, RANGES)
    first, *others = draw_trials(path, 40)
    assert first.config == TrainConfig(seed=3) == read_config(path)
    rates = []
    for trial in others:
        config = trial.config
        assert isinstance(config, TrainConfig)
        assert trial.settings.keys() == {"learning_rate", "gae_lambda", "epochs", "hidden"}
        assert {name: config.as_dict()[name] for name in trial.settings} == trial.settings
        assert 1e-4 <= config.learning_rate <= 1e-2
        assert 0.5 <= config.gae_lambda <= 0.9
        assert type(config.epochs) is int
        assert 1 <= config.epochs <= 9
        assert config.hidden in {16, 64}
        rates.append(config.learning_rate)
    below = sum(rate < 1e-3 for rate in rates)  # the middle on a logarithmic scale
    assert 10 < below < 30


def test_the_same_file_gives_the_same_trials_and_more_begin_with_the_fewer(tmp_path: Path) -> None:
    path = written(tmp_path, RANGES)
    assert draw_trials(path, 4) == draw_trials(path, 9)[:4]
    other = draw_trials(written(tmp_path, RANGES.replace("seed = 3", "seed = 4")), 4)
    assert other[1].settings != draw_trials(written(tmp_path, RANGES), 4)[1].settings


def test_a_small_space_is_tried_once_as_a_whole(tmp_path: Path) -> None:
    path = written(tmp_path, 'learner = "linucb"\n[sweep]\nrounds = [1, 2]\nround_days = [1, 2, 3]')
    trials = draw_trials(path, 50)
    tried = {(trial.settings["rounds"], trial.settings["round_days"]) for trial in trials}
    assert len(trials) == len(tried) == 7  # the file's own is none of the six
    assert [trial.number for trial in trials] == list(range(7))


def test_learners_can_be_tried_beside_each_other(tmp_path: Path) -> None:
    path = written(tmp_path, 'learner = "linucb"\n[sweep]\nlearner = ["thompson", "greedy"]')
    trials = draw_trials(path, 9)
    assert trials[0].settings["learner"] == "linucb"
    assert {trial.settings["learner"] for trial in trials} == {
        "linucb",
        "thompson",
        "greedy",
    }


@pytest.mark.parametrize("learner", ["action_scorer", *FILED])
def test_every_learner_has_ranges_of_its_own(tmp_path: Path, learner: str) -> None:
    trials = draw_trials(written(tmp_path, f'learner = "{learner}"'), 3)
    assert len(trials) == 3
    assert trials[0].settings.keys() == default_space(trials[0].config).keys()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("gama = [0.9]", "unknown key 'gama'; use n_envs"),
        ("seed = [1, 2]", "varies 'seed', which all trials share"),
        ("total_steps = [1000, 2000]", "varies 'total_steps'"),
        ("", "is empty"),
        ("epochs = 3", "epochs is 3; give a list"),
        ("epochs = []", r"epochs is \[\]; give a list"),
        ("epochs = {low = 1, high = 4, step = 2}", "epochs is .*; give a list"),
        ("epochs = {low = 1}", "epochs is .*; give a list"),
        ("epochs = {low = 4, high = 1}", "from 4 to 1"),
        ("epochs = {low = 0.5, high = 3.5}", "give whole numbers"),
        ("gae_lambda = {low = false, high = true}", "give numbers"),
        ("entropy_weight = {low = 0.0, high = 1.0, log = true}", "above zero"),
        ("entropy_weight = {low = 0.1, high = 1.0, log = 1}", "log = 1"),
        ("hidden = ['wide']", "hidden is 'wide'"),
        ("clip_range = {low = -3.0, high = -1.0}", "clip_range is"),
    ],
)
def test_a_mistake_in_the_ranges_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(InputError, match=named):
        draw_trials(written(tmp_path, f"[sweep]\n{text}"), 3)


def test_the_action_scorer_is_no_choice_beside_other_learners(tmp_path: Path) -> None:
    path = written(tmp_path, 'learner = "greedy"\n[sweep]\nlearner = ["action_scorer"]')
    with pytest.raises(InputError, match="mixes the action scorer"):
        draw_trials(path, 2)


def test_a_learner_without_a_file_is_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="learner is 'ucb_routing'"):
        draw_trials(written(tmp_path, 'learner = "ucb_routing"'), 2)
