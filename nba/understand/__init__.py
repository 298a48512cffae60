"""Understand: what each possible action is worth in this context, learned from a log."""
