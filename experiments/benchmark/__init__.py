"""Speed, measured on this machine, each figure with its settings."""
