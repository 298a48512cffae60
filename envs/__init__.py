"""The world: a simulated contact centre for training and judging policies."""

from envs.registration import register

# For `gymnasium.make("envs:nba/…")`, which imports this package to have its ids, and finds them
# only so if something else has imported it before (50 ms beside the 500 of numba).
register()
