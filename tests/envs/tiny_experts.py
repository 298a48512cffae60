"""A tiny centre of two experts, each of whom is good at one of two kinds of call."""

from envs.tiny_centre import TinyCentre

EXPERTS = TinyCentre(
    rates=(0.006, 0.004),
    mean_service_s=((150.0, 150.0), (250.0, 250.0)),
    value_eur=((6.5, 0.5), (0.5, 6.5)),
    wait_eur_per_s=10.0 / 3600.0,
    abandon_eur=2.0,
    mean_patience_s=120.0,
    own_queue_limit=1,
    shared_queue_limit=3,
)
