"""The world: a simulated contact centre for training and judging policies."""
