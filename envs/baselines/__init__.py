"""The baselines that a new policy has to beat: rules and learners, each a `Policy`."""
