"""The card in words holds what the card as JSON holds."""

from pathlib import Path

from nba.act.bundle import Card, load_policy, save_policy
from nba.listen.contact_features import CONTACT_CENTRE
from serving.policies.card import card_json, card_told
from tests.nba.act.sample_policies import scorer


def test_the_words_name_every_feature_weight_and_setting(tmp_path: Path) -> None:
    card = Card(CONTACT_CENTRE, training={"seed": 3}, evaluation={"ess": 1234.5})
    version = save_policy(tmp_path / "p", scorer(), card)
    loaded = load_policy(tmp_path / "p")
    told, plain = card_told(loaded), card_json(loaded)
    for feature in (*CONTACT_CENTRE.context, *CONTACT_CENTRE.action):
        assert feature.name in told
    for word in (version, "prior_weight 0.5", "floor 0.02", "resolved", "1234.5", "(score); 0 if"):
        assert word in told
    assert plain["version"] == version
    assert plain["evaluation"] == {"ess": 1234.5}
    assert plain["spec"] == CONTACT_CENTRE.to_json()
