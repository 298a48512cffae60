"""Act: policies give probabilities over the eligible actions, and one function draws."""
