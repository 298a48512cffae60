"""Asking a running server for decisions, with nothing but Python's standard library."""

from nba.client.client import Client
from nba.client.replies import (
    Canary,
    Chosen,
    DecisionReply,
    DecisionTrace,
    EventReply,
    OutcomeKnown,
    OutcomeReply,
    OverrideReply,
    PlanReply,
    PoliciesReply,
    PolicyCard,
    Ranked,
    ReadyReply,
    UseCase,
)
from nba.client.requests import Candidate, Request

__all__ = [
    "Canary",
    "Candidate",
    "Chosen",
    "Client",
    "DecisionReply",
    "DecisionTrace",
    "EventReply",
    "OutcomeKnown",
    "OutcomeReply",
    "OverrideReply",
    "PlanReply",
    "PoliciesReply",
    "PolicyCard",
    "Ranked",
    "ReadyReply",
    "Request",
    "UseCase",
]
