"""What the servers are asked: a small and a full feature spec, and 5 to 200 candidates."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

import serving
from nba.act.bundle import Card, save_policy
from nba.act.golden import golden_inputs
from nba.act.policy import PARAMETER_SHAPES, ActionScorer
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.encode import Feature, FeatureSpec
from nba.seeding import generator
from nba.types import ACTION_KINDS
from nba.understand.basis import make_basis
from nba.understand.reward_model import LinearRewardModel

# Eight features of a candidate, few of long names: 1.5 to 2 KB for 20 candidates. Two that the
# safe rule looks at have a default, and a caller leaves them out.
SMALL: Final = FeatureSpec(
    "small",
    context=tuple(Feature(name, low=-10, high=10) for name in "abcdefgh"),
    action=(
        Feature("kind", levels=ACTION_KINDS),
        Feature("idle_s", "s", 0, 86_400),
        Feature("expected_wait_s", "s", 0, 86_400, default=0.0),
        Feature("language_match", "1 yes, 0 no", 0, 1, default=1.0),
        *(Feature(name, low=-10, high=10) for name in "pqrs"),
    ),
)
SPECS: Final = {"small": SMALL, "full": CONTACT_CENTRE}
_HIDDEN: Final = 48
_BODIES: Final = 64  # different ones, sent in turn


@dataclass(frozen=True, slots=True)
class Workload:
    """Requests for one feature spec with so many candidates."""

    spec: str  # a key of SPECS
    candidates: int

    @property
    def name(self) -> str:
        """For tables and file names."""
        return f"{self.spec} {self.candidates}"


def bodies(workload: Workload, number: int = _BODIES) -> list[bytes]:
    """Different requests for POST /v1/decisions, without decision_id: each is a new decision."""
    rng = generator(0, f"bodies {workload.name}")
    example = json.loads((Path(serving.__path__[0]) / "examples" / "decision.json").read_bytes())
    make = _small if workload.spec == "small" else _full
    requests = [make(rng, workload.candidates, example) for _ in range(number)]
    return [json.dumps(request, separators=(",", ":")).encode() for request in requests]


def policy_file(spec_name: str, folder: Path) -> Path:
    """A scorer of the spec's features; the full one with a reward model, as training exports it."""
    spec = SPECS[spec_name]
    path = folder / f"{spec_name}.nba"
    rng = generator(0, f"policy {spec_name}")
    sizes = {"d": len(spec.context_names), "p": len(spec.action_names), "h": _HIDDEN}
    parameters = {
        name: rng.standard_normal([sizes[letter] for letter in letters], dtype=np.float32)
        * np.float32(0.1)
        for name, letters in PARAMETER_SHAPES.items()
    }
    for name in ("context_std", "action_std"):
        parameters[name] = np.abs(parameters[name]) + np.float32(1.0)
    rewards = _reward_model(spec, rng) if spec_name == "full" else None
    policy = ActionScorer(
        f"benchmark_{spec_name}", "none", parameters, reward_model=rewards,
        prior_weight=0.1 if rewards else 0.0, floor=0.02,
    )  # fmt: skip
    save_policy(path, policy, Card(spec))
    return path


def _reward_model(spec: FeatureSpec, rng: np.random.Generator) -> LinearRewardModel:
    context, actions, mask = golden_inputs(spec)
    basis = make_basis(
        spec.context_names, spec.action_names, context=context, actions=actions[mask]
    )
    return LinearRewardModel(basis, rng.normal(size=(basis.n_groups, basis.n_terms)))


def _small(rng: np.random.Generator, candidates: int, _example: object) -> dict[str, Any]:
    def features() -> dict[str, float]:
        numbers = {name: round(float(rng.uniform(-2, 2)), 1) for name in "pqrs"}
        return {"idle_s": int(rng.integers(1, 999)), **numbers}

    return {
        "customer": {"id": f"c-{rng.integers(10_000)}"},
        "context": {name: round(float(rng.uniform(-2, 2)), 2) for name in "abcdefgh"},
        "actions": [
            {"id": f"e-{i}", "kind": "employee", "features": features()} for i in range(candidates)
        ],
    }


def _full(rng: np.random.Generator, candidates: int, example: dict[str, Any]) -> dict[str, Any]:
    """The documented example with fresh numbers, and as many employees as it takes."""
    given = example["actions"]
    first = next(i for i, action in enumerate(given) if action["kind"] == "employee")
    employee, others = given[first], given[: min(first, candidates - 1)]
    employees = [
        {
            **employee,
            "id": f"employee-{i}",
            "features": {
                **employee["features"],
                "idle_s": int(rng.integers(1, 600)),
                "skill_estimate": round(float(rng.uniform(0.2, 1.0)), 2),
                "occupancy_1h": round(float(rng.uniform(0.3, 0.94)), 2),
                "expected_handle_s": int(rng.integers(120, 500)),
            },
        }
        for i in range(candidates - len(others))
    ]
    return {
        "customer": {"id": f"customer-{rng.integers(10_000)}", "consent": True},
        "context": {**example["context"], "hour": round(float(rng.uniform(8, 18)), 2)},
        "actions": [*others, *employees],
    }
