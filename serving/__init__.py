"""The counter: an HTTP server that decides, remembers every decision, and never waits for luck."""
