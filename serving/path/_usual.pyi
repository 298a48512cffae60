from nba.act.eligibility import Eligibility
from nba.act.explain import Explainer
from nba.act.one_decision import OneDecision
from nba.listen.encode import FeatureSpec
from nba.types import Policy
from serving.path._reader import CompiledReader

class UsualMade:
    body: bytes
    payload: bytes
    answer: bytes
    decision_id: str
    kind: str
    policy: str
    version: str
    control: str
    is_callers: bool
    propensity: float

class UsualDecision:
    def __init__(
        self,
        reader: CompiledReader,
        explainer: Explainer,
        decide_with: OneDecision,
        rules: Eligibility,
        policy: Policy,
        spec: FeatureSpec,
    ) -> None: ...
    def decide(self, decision_id: str, now: float, control: str = "") -> UsualMade | None: ...
