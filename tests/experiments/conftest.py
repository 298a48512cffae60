"""What the workshop's tests share: Ray, which takes ten seconds to start."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def cluster() -> Iterator[None]:
    """Ray on this machine, started once."""
    import ray

    from experiments.scale import start_ray

    start_ray(2)
    yield
    ray.shutdown()
