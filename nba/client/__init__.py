"""Asking a running server for decisions, with nothing but Python's standard library."""

from nba.client.client import Client
from nba.client.replies import (
    Chosen,
    DecisionReply,
    DecisionTrace,
    OutcomeKnown,
    OutcomeReply,
    Ranked,
)
from nba.client.requests import Candidate, Request

__all__ = [
    "Candidate",
    "Chosen",
    "Client",
    "DecisionReply",
    "DecisionTrace",
    "OutcomeKnown",
    "OutcomeReply",
    "Ranked",
    "Request",
]
