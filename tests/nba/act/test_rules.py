"""A rules file is read whole or refused with file, line, rule and key."""

from pathlib import Path

import pytest

from nba.act.rules import conditions, read_rules
from nba.errors import InputError
from nba.listen.contact_features import CONTACT_CENTRE

EXAMPLE = Path("serving/examples/rules.toml")
RULE = '[[rule]]\nname = "cap"\nstage = "capacity"\nremove_if = "action.occupancy_1h > 0.9"\n'


def test_the_example_fits_the_contact_centre() -> None:
    rules = read_rules(EXAMPLE)
    assert rules.channels["voice"] == ("voice_bot", "callback")
    stages = [rule.stage for rule, _ in conditions(rules, CONTACT_CENTRE)]
    assert stages == sorted(
        stages, key=["eligible", "suitable", "contact_policy", "capacity"].index
    )
    assert len(stages) == 9


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (RULE + RULE, "line 5, rule 'cap': its name stands twice"),
        (RULE + "weight = 3\n", "line 1, rule 'cap': Object contains unknown field `weight`"),
        (RULE.replace("capacity", "soon"), "line 1, rule 'cap': Invalid enum value 'soon'"),
        (RULE + 'kinds = ["robot"]\n', "line 1, rule 'cap': kind 'robot' is unknown; use one of"),
        ("[[rules]]\n", "unknown field `rules`"),
        ("rule = [\n", "at end of document"),
        (RULE + '[channels]\nvoice = ["robot"]\n', "[channels]: kind 'robot' is unknown"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_rules(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_an_absent_file_is_told_with_an_example(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be read .* serving/examples/rules\.toml"):
        read_rules(tmp_path / "none.toml")


def test_a_rule_on_a_feature_that_the_spec_lacks_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(RULE.replace("occupancy_1h", "mood"))
    with pytest.raises(InputError, match=r"rule 'cap' of .*rules\.toml: action\.mood is not in"):
        conditions(read_rules(path), CONTACT_CENTRE)
