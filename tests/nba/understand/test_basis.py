"""The basis: its fast bilinear form is the plain sum over terms, for any feature spec."""

import numpy as np
import pytest

from nba.listen.contact_features import CONTACT_CENTRE
from nba.types import Floats32
from nba.understand.basis import KIND_GROUPS, PRODUCTS, Basis, make_basis


def contact_rows(n: int, seed: int) -> tuple[Floats32, Floats32]:
    """Random encoded contexts (n, d) and actions (n, p) with one kind each."""
    rng = np.random.default_rng(seed)
    context = rng.normal(0, 2, (n, len(CONTACT_CENTRE.context_names)))
    actions = rng.uniform(0, 2, (n, len(CONTACT_CENTRE.action_names)))
    actions[:, :7] = np.eye(7)[rng.integers(0, 7, n)]
    actions[:, CONTACT_CENTRE.action_column("expected_wait_s")] *= 400
    return context.astype(np.float32), actions.astype(np.float32)


CONTEXT, ACTIONS = contact_rows(200, 1)
BASIS = make_basis(
    CONTACT_CENTRE.context_names, CONTACT_CENTRE.action_names, context=CONTEXT, actions=ACTIONS
)


def test_every_named_product_exists_for_a_contact_centre() -> None:
    assert len(BASIS.products) == len(PRODUCTS)
    assert BASIS.n_groups == len(KIND_GROUPS)
    assert BASIS.n_terms == 1 + 26 + 16 + 4 + len(PRODUCTS)


def test_the_bilinear_form_is_the_sum_over_terms() -> None:
    weights = np.random.default_rng(2).normal(size=(BASIS.n_groups, BASIS.n_terms))
    terms = BASIS.terms(CONTEXT, ACTIONS)
    group = BASIS.kinds(ACTIONS).argmax(axis=1)
    form = BASIS.bilinear(weights)
    x, a = BASIS.context_parts(CONTEXT), BASIS.action_parts(ACTIONS)
    fast = np.einsum("nx,xag,na->ng", x, form, a)[np.arange(200), group]
    np.testing.assert_allclose(fast, (terms * weights[group]).sum(axis=1), rtol=1e-9)


def test_an_action_belongs_to_one_group_and_both_bots_to_the_same() -> None:
    kinds = BASIS.kinds(ACTIONS)
    np.testing.assert_array_equal(kinds.sum(axis=1), 1.0)
    chat = CONTACT_CENTRE.action_column("kind=chat_bot")
    voice = CONTACT_CENTRE.action_column("kind=voice_bot")
    np.testing.assert_array_equal(BASIS.groups[chat], BASIS.groups[voice])


def test_columns_are_standardised_and_cut() -> None:
    wild = CONTEXT.copy()
    wild[0, 3] = 1e9
    parts = BASIS.context_parts(wild)
    assert parts[0, 4] == 5.0
    np.testing.assert_allclose(BASIS.context_parts(CONTEXT)[:, 4].mean(), 0.0, atol=1e-2)


@pytest.mark.parametrize(("wait", "short"), [(0.0, 0.0), (300.0, 1.0), (600.0, 2.0), (9e4, 2.0)])
def test_a_long_wait_is_squashed(wait: float, short: float) -> None:
    actions = np.zeros((1, len(CONTACT_CENTRE.action_names)), dtype=np.float32)
    actions[0, CONTACT_CENTRE.action_column("expected_wait_s")] = wait
    first_derived = 1 + len(BASIS.numbers)
    assert BASIS.action_parts(actions)[0, first_derived] == pytest.approx(short)


def test_the_scale_is_that_of_all_rows_however_many() -> None:
    context, actions = contact_rows(20_000, 3)  # more than one block
    basis = make_basis(
        CONTACT_CENTRE.context_names, CONTACT_CENTRE.action_names, context=context, actions=actions
    )
    np.testing.assert_allclose(basis.action_mean, actions.mean(axis=0, dtype=np.float64))
    np.testing.assert_allclose(basis.action_std[7:], actions[:, 7:].std(axis=0, dtype=np.float64))


def test_a_constant_column_gives_finite_terms() -> None:
    same = np.ones_like(CONTEXT)
    basis = make_basis(
        CONTACT_CENTRE.context_names, CONTACT_CENTRE.action_names, context=same, actions=ACTIONS
    )
    assert np.isfinite(basis.terms(same, ACTIONS)).all()


def test_a_spec_without_kinds_has_one_group() -> None:
    context, actions = CONTEXT[:, :2], ACTIONS[:, 7:10]
    basis: Basis = make_basis(("u", "v"), ("a", "b", "c"), context=context, actions=actions)
    assert (basis.n_groups, basis.n_terms) == (1, 1 + 2 + 3)
    np.testing.assert_array_equal(basis.kinds(actions), np.ones((200, 1)))
