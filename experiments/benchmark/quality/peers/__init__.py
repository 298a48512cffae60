"""Policies of other libraries, learned from the same experience: peers, never dependencies."""
