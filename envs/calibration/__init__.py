"""Calibration: what a log or a table says about the numbers of `envs.config.CentreConfig`."""
