"""A learned action scorer as an ONNX graph, for programs that run no Python.

The graph is built from the policy file's own numbers and gives the probabilities that the policy
gives: prior, temperature and floor are in it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from nba.act.folded_net import CLIP
from nba.act.policy import ActionScorer
from nba.errors import InputError, NbaError
from nba.types import Bools, Floats, Floats32
from nba.understand.basis import CUT, DERIVED, Basis
from nba.understand.reward_model import LinearRewardModel

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, TensorProto

TOLERANCE: Final = 1e-5  # in probability
OPSET: Final = 18  # of 2022, which every current runtime knows
_IR: Final = 9
CONTEXT, ACTIONS, MASK, PROBABILITIES = "context", "actions", "mask", "probabilities"
_LEAST: Final = -1e300  # of a masked logit: its weight is zero


class _Graph:
    """Nodes and constants in order; every method returns the name of what it computes."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def node(self, kind: str, *inputs: str, **attributes: int) -> str:
        from onnx import helper

        name = f"{kind.lower()}_{len(self.nodes)}"
        made = helper.make_node(kind, list(inputs), [name])
        made.attribute.extend(helper.make_attribute(key, n) for key, n in attributes.items())
        self.nodes.append(made)
        return name

    def constant(self, value: NDArray[np.generic]) -> str:
        from onnx import numpy_helper

        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def like(self, value: float, kind: type[np.generic] = np.float64) -> str:
        return self.constant(np.array(value, dtype=kind))

    def output(self, name: str, called: str) -> None:
        from onnx import helper

        self.nodes.append(helper.make_node("Identity", [name], [called]))

    def double(self, name: str) -> str:
        from onnx import TensorProto

        return self.node("Cast", name, to=TensorProto.DOUBLE)

    def single(self, name: str) -> str:
        from onnx import TensorProto

        return self.node("Cast", name, to=TensorProto.FLOAT)

    def axis(self, name: str, axis: int) -> str:
        """With an axis of size one put in."""
        return self.node("Unsqueeze", name, self.constant(np.array([axis])))

    def total(self, name: str, axis: int, *, keep: int = 0) -> str:
        return self.node("ReduceSum", name, self.constant(np.array([axis])), keepdims=keep)

    def largest(self, name: str) -> str:
        """Of each row."""
        return self.node("ReduceMax", name, self.constant(np.array([1])), keepdims=1)

    def standardised(
        self, name: str, mean: NDArray[np.floating], std: NDArray[np.floating], cut: float
    ) -> str:
        centred = self.node("Sub", name, self.constant(mean))
        scaled = self.node("Div", centred, self.constant(std))
        kind = mean.dtype.type
        return self.node("Clip", scaled, self.like(-cut, kind), self.like(cut, kind))


def onnx_model(policy: ActionScorer) -> "ModelProto":
    """The graph: context (B, d), actions (B, A, p) and mask (B, A) to probabilities (B, A).

    B and A are free. Every row needs an unmasked action, as everywhere. Raises InputError for a
    prior that is no linear model.
    """
    from onnx import TensorProto, checker, helper

    d, p, _ = policy.sizes
    graph = _Graph()
    logits = graph.double(_scores(graph, policy.parameters))
    prior = _prior_of(policy)
    if prior is not None:
        weight = graph.like(policy.prior_weight)
        logits = graph.node("Add", logits, graph.node("Mul", weight, _rewards(graph, prior)))
    logits = graph.node("Div", logits, graph.like(policy.temperature))
    _probabilities(graph, logits, policy.floor)
    value = helper.make_tensor_value_info
    made = helper.make_graph(
        graph.nodes,
        "action scorer",
        [
            value(CONTEXT, TensorProto.FLOAT, ["B", d]),
            value(ACTIONS, TensorProto.FLOAT, ["B", "A", p]),
            value(MASK, TensorProto.BOOL, ["B", "A"]),
        ],
        [value(PROBABILITIES, TensorProto.DOUBLE, ["B", "A"])],
        graph.constants,
    )
    opsets = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(made, opset_imports=opsets, ir_version=_IR, producer_name="nba")
    helper.set_model_props(model, {"policy": policy.name, "policy_version": policy.version})
    checker.check_model(model, full_check=True)
    return model


def save_onnx(path: Path, policy: ActionScorer, rows: tuple[Floats32, Floats32, Bools]) -> float:
    """Write the graph once onnxruntime has given what the policy gives; the largest gap on `rows`.

    Raises NbaError, and writes nothing, if a probability differs by more than 1e-5.
    """
    content = onnx_model(policy).SerializeToString()
    gap = float(
        np.abs(onnx_probabilities(content, *rows) - policy.batch_probabilities(*rows)).max()
    )
    if not gap <= TOLERANCE:
        raise NbaError(
            f"the ONNX graph differs from the policy by {gap:.2g} in probability; {TOLERANCE:g} is "
            "allowed: report this as a mistake of the export"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return gap


def onnx_probabilities(content: bytes, context: Floats32, actions: Floats32, mask: Bools) -> Floats:
    """What the graph of a file's content gives, computed by onnxruntime on one thread."""
    import onnxruntime as ort  # type: ignore[import-untyped]  # it ships no types

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {CONTEXT: context, ACTIONS: actions, MASK: mask})
    return np.asarray(found)


def _prior_of(policy: ActionScorer) -> LinearRewardModel | None:
    source = policy.prior_model or policy.reward_model
    if source is None or policy.prior_weight == 0.0:
        return None
    if not isinstance(source, LinearRewardModel):
        raise InputError(
            f"the prior of {policy.name!r} is a {type(source).__name__}; ONNX holds linear ones"
        )
    return source


def _scores(graph: _Graph, w: Mapping[str, Floats32]) -> str:
    """The net's scores (B, A), as `ActionScorer.batch_scores` computes them."""
    part = {
        name: graph.constant(values)
        for name, values in w.items()
        if not name.endswith(("_mean", "_std"))
    }
    x = graph.standardised(CONTEXT, w["context_mean"], w["context_std"], CLIP)
    a = graph.standardised(ACTIONS, w["action_mean"], w["action_std"], CLIP)
    seen = graph.single(MASK)
    a = graph.node("Mul", a, graph.axis(seen, 2))
    shared = graph.node("Add", graph.node("MatMul", x, part["W_xe"]), part["b_e"])
    each = graph.node("Add", graph.node("MatMul", a, part["W_ae"]), graph.axis(shared, 1))
    each = graph.node("Relu", each)
    share = graph.node("Div", seen, graph.total(seen, 1, keep=1))
    pooled = graph.total(graph.node("Mul", each, graph.axis(share, 2)), 1)
    shared = graph.node("MatMul", pooled, part["W_gu"])
    shared = graph.node("Add", shared, graph.node("MatMul", x, part["W_xu"]))
    shared = graph.node("Add", shared, part["b_u"])
    deep = graph.node("Add", graph.node("MatMul", each, part["W_eu"]), graph.axis(shared, 1))
    return graph.total(graph.node("Mul", graph.node("Relu", deep), part["w_score"]), 2)


def _rewards(graph: _Graph, model: LinearRewardModel) -> str:
    """Expected rewards (B, A) in double precision, as `LinearRewardModel.batch_rewards`."""
    basis = model.basis
    context, actions = graph.double(CONTEXT), graph.double(ACTIONS)
    x = graph.standardised(context, basis.context_mean, basis.context_std, CUT)
    form = model.form.transpose(0, 2, 1)  # (1 + d, 1 + s, G)
    bias, slopes = graph.constant(form[0]), graph.constant(form[1:].reshape(len(form) - 1, -1))
    shape = graph.constant(np.array([-1, *form.shape[1:]]))
    rows = graph.node("Reshape", graph.node("MatMul", x, slopes), shape)
    rows = graph.node("Add", rows, bias)  # (B, 1 + s, G)
    products = graph.node("MatMul", _action_parts(graph, basis, actions), rows)  # (B, A, G)
    if not basis.groups.shape[1]:
        return graph.total(products, 2)
    kinds = graph.node("MatMul", actions, graph.constant(basis.groups))
    return graph.total(graph.node("Mul", products, kinds), 2)


def _action_parts(graph: _Graph, basis: Basis, actions: str) -> str:
    """1, the standardised and the derived columns of the actions, (B, A, 1 + s)."""

    def column(place: int, source: str = actions) -> str:
        return graph.node("Gather", source, graph.constant(np.array([place])), axis=2)

    numbers = basis.numbers.astype(np.int64)
    taken = graph.node("Gather", actions, graph.constant(numbers), axis=2)
    mean, std = basis.action_mean[numbers], basis.action_std[numbers]
    scaled = graph.standardised(taken, mean, std, CUT)
    first = column(0)
    parts = [graph.node("Add", graph.node("Sub", first, first), graph.like(1.0)), scaled]
    for which, place, other in basis.derived.astype(np.int64):
        value = _derived(graph, DERIVED[which][0], column(int(place)))
        if other >= 0:
            beside = column(int(np.searchsorted(numbers, other)), scaled)
            value = graph.node("Mul", value, beside)
        parts.append(value)
    return graph.node("Concat", *parts, axis=2)


def _derived(graph: _Graph, name: str, column: str) -> str:
    zero = graph.like(0.0)
    if name == "short_wait":
        cut = graph.node("Clip", column, zero, graph.like(600.0))
        return graph.node("Div", cut, graph.like(300.0))
    if name == "log_wait":
        above = graph.node("Add", graph.node("Max", column, zero), graph.like(1.0))
        return graph.node("Div", graph.node("Log", above), graph.like(4.0))
    over = graph.node("Max", graph.node("Sub", column, graph.like(0.85)), zero)
    return graph.node("Div", over, graph.like(0.15))


def _probabilities(graph: _Graph, logits: str, floor: float) -> None:
    """Masked softmax with a floor; the output of the graph."""
    legal = graph.node("Where", MASK, logits, graph.like(_LEAST))
    weights = graph.node("Exp", graph.node("Sub", legal, graph.largest(legal)))
    share = graph.node("Div", weights, graph.total(weights, 1, keep=1))
    seen = graph.double(MASK)
    even = graph.node("Div", seen, graph.total(seen, 1, keep=1))
    floored = graph.node("Mul", even, graph.like(floor))
    kept = graph.node("Mul", share, graph.like(1.0 - floor))
    graph.output(graph.node("Add", kept, floored), PROBABILITIES)
