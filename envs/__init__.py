"""The world: a simulated contact centre for training and judging policies."""

import sys

# `gymnasium.make("envs:nba/…")` imports this package to have its ids; all others stay light.
if "gymnasium" in sys.modules:
    from envs.registration import register

    register()
