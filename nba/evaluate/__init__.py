"""Evaluate: what another policy would have earned, told from a log, with honest intervals."""
