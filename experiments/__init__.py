"""The workshop: training, tuning, comparing, tracking, and the walk through the house."""
