"""The safe rule exists for a contact centre's spec, and a failure is told in one line."""

import pytest

from nba.errors import PolicyFileError
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.encode import Feature, FeatureSpec
from serving.path.fallback import reason_of, safe_rule
from tests.nba.act.sample_policies import single


def test_the_safe_rule_decides_alone() -> None:
    context, actions = single(3)
    assert safe_rule(CONTACT_CENTRE).probabilities(context, actions).max() == 1.0
    assert safe_rule(CONTACT_CENTRE).name == "safe_rule"


def test_a_spec_without_the_rules_columns_cannot_be_served() -> None:
    spec = FeatureSpec("other", (Feature("x"),), (Feature("y"),))
    with pytest.raises(PolicyFileError, match="safe rule fails"):
        safe_rule(spec)


def test_a_reason_is_one_short_line() -> None:
    reason = reason_of(ValueError("a\n  long " + "x" * 1000))
    assert reason.startswith("ValueError: a long x")
    assert "\n" not in reason
    assert len(reason) == 300
