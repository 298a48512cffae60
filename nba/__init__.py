"""The next-best-action engine: listen, understand, act, learn, with evaluate beside them."""

__version__ = "0.1.0"
