"""New ids are new, also in a process that was forked."""

import os

from serving.new_ids import NewIds


def test_ids_are_of_one_form_and_never_the_same() -> None:
    new_id = NewIds()
    ids = [new_id() for _ in range(5000)]
    assert len(set(ids)) == 5000
    assert all(len(name) == 24 and int(name, 16) >= 0 for name in ids)


def test_a_forked_process_draws_its_own() -> None:
    new_id = NewIds()
    new_id()
    inlet, outlet = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(outlet, new_id().encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(inlet, 100).decode() != new_id()
    os.close(inlet)
    os.close(outlet)
