"""A policy file's card, as JSON values and in words."""

from collections.abc import Mapping

from nba.act.bundle import LoadedPolicy
from nba.act.kinds import parts_of
from nba.listen.encode import Feature


def card_json(loaded: LoadedPolicy) -> dict[str, object]:
    """All that a policy file says about itself."""
    card = loaded.card
    return {
        "name": loaded.policy.name,
        "kind": loaded.kind,
        "version": loaded.policy.version,
        "digest": loaded.digest,
        "settings": parts_of(loaded.policy)[1],
        "spec": card.spec.to_json(),
        "spec_version": card.spec.version,
        "objective": dict(card.objective.weights),
        "training": dict(card.training),
        "evaluation": dict(card.evaluation),
    }


def card_told(loaded: LoadedPolicy) -> str:
    """The same for people, in lines."""
    card, settings = loaded.card, parts_of(loaded.policy)[1]
    told = ", ".join(f"{name} {value:g}" for name, value in settings.items() if name != "name")
    lines = [
        f"{loaded.policy.name}: a policy of kind {loaded.kind}, version {loaded.policy.version}",
        f"verified: digest {loaded.digest}",
        *([f"settings: {told}"] if told else []),
        f"feature spec {card.spec.name}, version {card.spec.version}",
        *_block("context", _features(card.spec.context)),
        *_block("each action", _features(card.spec.action)),
        *_block(
            "reward in EUR", {n: f"{w:+.6g} a unit" for n, w in card.objective.weights.items()}
        ),
        *_block("training", card.training),
        *_block("evaluation", card.evaluation),
    ]
    return "\n".join(lines)


def _features(features: tuple[Feature, ...]) -> dict[str, str]:
    return {feature.name: _feature(feature) for feature in features}


def _feature(feature: Feature) -> str:
    if feature.levels:
        return f"one of {', '.join(feature.levels)}"
    unit = f" ({feature.unit})" if feature.unit else ""
    text = f"{feature.low:g} to {feature.high:g}{unit}"
    return text if feature.default is None else f"{text}; {feature.default:g} if absent"


def _block(title: str, rows: Mapping[str, object]) -> list[str]:
    if not rows:
        return [f"{title}: nothing is written down"]
    width = max(len(name) for name in rows)
    return [f"{title}:", *(f"  {name:<{width}}  {value}" for name, value in rows.items())]
