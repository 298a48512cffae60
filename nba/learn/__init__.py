"""The learn room: from logs with their outcomes to the next immutable policy."""
