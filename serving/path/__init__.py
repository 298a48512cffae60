"""The decision path: from a request's bytes to the record and the reply."""
