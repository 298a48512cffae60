"""The safe rule: it answers when the policy cannot, and when a customer opted out."""

from nba.act.longest_idle import LongestIdle
from nba.errors import PolicyFileError
from nba.listen.encode import FeatureSpec
from nba.types import Policy


def safe_rule(spec: FeatureSpec) -> Policy:
    """Longest-idle on this spec: it reads workload facts only, nothing about the customer.

    Raises PolicyFileError if the spec lacks what the rule looks at.
    """
    try:
        return LongestIdle(spec, name="safe_rule")
    except ValueError as error:
        raise PolicyFileError(
            f"the policy cannot be served: its safe rule fails: {error}"
        ) from error


def reason_of(error: Exception) -> str:
    """One line about why a policy failed, for the journal."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:300]
