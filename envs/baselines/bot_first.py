"""Bot first: machines while the contact looks easy for them, then people.

Source: the trade's "deflection" order, content → bot → person; the thresholds are assumed.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from envs.baselines.idle_rules import longest_idle
from envs.baselines.rule import Stage
from envs.baselines.seen import Seen

ORDER: Final = ("content", "chat_bot", "voice_bot")
LEAST_AFFINITY: Final = 0.5  # standard deviations of digital affinity
MOST_COMPLEXITY: Final = 0.0  # standard deviations: no harder than the average contact


def bot_first(seen: Seen) -> Sequence[Stage]:
    """The first legal machine of `ORDER` for digital customers with easy issues, else people.

    An unknown affinity does not count as digital. People: the longest idle employee.
    """
    known = seen.of_contact("digital_affinity_estimate_missing") == 0.0
    digital = known & (seen.of_contact("digital_affinity_estimate") >= LEAST_AFFINITY)
    easy = seen.of_contact("complexity_estimate") <= MOST_COMPLEXITY
    machines = [(np.asarray(seen.legal(kind) & digital & easy), seen.soon) for kind in ORDER]
    return [*machines, *longest_idle(seen)]
