"""The true expected value of each action at a decision, as nobody in the centre can know it."""

import numpy as np

from envs import columns as at
from envs.channels import bot_value, callback_value
from envs.config import CentreConfig
from envs.jit import njit
from envs.outcomes import ending_value, human_value, typical_value
from envs.records import FATIGUE, WAIT
from envs.state import CALLBACK, FIRST_EMPLOYEE, FOLLOW_UP, NOTHING, QUEUE, State
from nba.types import Floats


@njit
def true_values(s: State, c: CentreConfig, values: Floats) -> None:
    """Write into (B, A) the expected EUR of each legal action, −inf where illegal.

    It is the contact's own expected reward: resolution, staff time, cost, churn, and the expected
    wait at its price; what the action does to later contacts is not in it.
    """
    weights = s.fixed[0].weights
    for b in range(values.shape[0]):
        centre = s.centre[b]
        customer = s.customer[b, centre.pending]
        typical = typical_value(s, c, b, customer)
        for a in range(values.shape[1]):
            values[b, a] = -np.inf
            if not s.mask[b, a]:
                continue
            if a >= FIRST_EMPLOYEE:
                k = a - FIRST_EMPLOYEE
                value = human_value(c, weights, customer, s.person[b, k], s.desk[b, k], centre.now)
            elif a < CALLBACK:
                value = bot_value(c, weights, customer, a, typical)
            elif a == CALLBACK:
                value = callback_value(c, weights, customer, typical)
            elif a == QUEUE:
                value = typical
            else:
                value = ending_value(c, weights, customer, False)
            if a >= FIRST_EMPLOYEE or a == QUEUE:
                value += weights[WAIT] * s.actions[b, a, at.WAIT]
            if customer.occasion == FOLLOW_UP and a != NOTHING:
                value += weights[FATIGUE] * customer.touches
            values[b, a] = value
