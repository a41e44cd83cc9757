"""Random networks in which every layer has the same share of dead channels: each fourth one gives zeros, whatever comes in.

Who builds a network this way knows what can go without a trace, and needs no pruner's word for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
import onnx
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

Array = NDArray[Any]
FLOAT = TensorProto.FLOAT

DEAD_SHARE = 0.25
CLASSES = 3


@dataclass
class Flow:
    """A tensor of the network: its name, and its shape behind the batch."""

    name: str
    shape: tuple[int, ...]


@dataclass
class Net:
    random: np.random.Generator
    nodes: list[NodeProto] = field(default_factory=list)
    weights: dict[str, Array] = field(default_factory=dict)

    def add(self, operator: str, inputs: list[str], shape: tuple[int, ...], **attributes: Any) -> Flow:
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return Flow(name, shape)

    def constant(self, value: Array) -> str:
        name = f"w{len(self.weights)}"
        self.weights[name] = value if value.dtype == np.int64 else value.astype(np.float32)
        return name

    def draw(self, *shape: int) -> Array:
        return self.random.standard_normal(shape)

    def alive(self, width: int) -> Array:
        return (np.arange(width) % 4 != 0).astype(float)

    def conv(self, x: Flow, width: int, kernel: int = 3, stride: int = 1) -> Flow:
        narrow, *space = x.shape
        kernels = self.draw(width, narrow, kernel, kernel) / np.sqrt(narrow * kernel**2) * self.alive(width)[:, None, None, None]
        inputs = [x.name, self.constant(kernels), self.constant(self.draw(width) * self.alive(width))]
        shape = (width, *(-(-size // stride) for size in space))
        return self.add("Conv", inputs, shape, strides=[stride] * 2, pads=[kernel // 2] * 4)

    def depthwise(self, x: Flow) -> Flow:
        width = x.shape[0]
        kernels, bias = self.draw(width, 1, 3, 3) / 3, self.draw(width) * self.alive(width)
        return self.add("Conv", [x.name, self.constant(kernels), self.constant(bias)], x.shape, group=width, pads=[1] * 4)

    def norm(self, x: Flow) -> Flow:
        width = x.shape[0]
        alive = self.alive(width)
        values = (self.random.uniform(0.5, 1.5, width), self.draw(width) * alive, self.draw(width) * alive)
        constants = [*map(self.constant, values), self.constant(self.random.uniform(0.5, 1.5, width))]
        return self.add("BatchNormalization", [x.name, *constants], x.shape)

    def activation(self, x: Flow) -> Flow:
        """Each of them maps 0 to 0."""
        return self.add(("Relu", "Tanh", "HardSwish", "LeakyRelu")[self.random.integers(4)], [x.name], x.shape)

    def block(self, x: Flow, width: int, stride: int = 1) -> Flow:
        return self.activation(self.norm(self.conv(x, width, stride=stride)))

    def residual(self, x: Flow) -> Flow:
        beside = self.norm(self.conv(self.block(x, x.shape[0]), x.shape[0]))
        return self.activation(self.add("Add", [x.name, beside.name], x.shape))

    def side_by_side(self, x: Flow) -> Flow:
        """Two branches, and what came in between them."""
        left, right = self.block(x, 8), self.block(x, 4)
        shape = (12 + x.shape[0], *x.shape[1:])
        return self.add("Concat", [left.name, x.name, right.name], shape, axis=1)

    def parted(self, x: Flow) -> Flow:
        """Twice as many channels, of which one half gates the other."""
        wide, width = self.conv(x, 2 * x.shape[0]), x.shape[0]
        left, right = f"left{len(self.nodes)}", f"right{len(self.nodes)}"
        sizes = self.constant(np.array([width, width]))
        self.nodes.append(helper.make_node("Split", [wide.name, sizes], [left, right], axis=1))
        return self.add("Mul", [left, self.add("Sigmoid", [right], x.shape).name], x.shape)

    def squeezed(self, x: Flow) -> Flow:
        """A channel's own mean scales it, as in squeeze-and-excitation."""
        pooled = self.add("GlobalAveragePool", [x.name], (x.shape[0], 1, 1))
        gate = self.add("Sigmoid", [self.conv(self.block(pooled, 8), x.shape[0], kernel=1).name], pooled.shape)
        return self.add("Mul", [gate.name, x.name], x.shape)

    def branch(self, x: Flow) -> Flow:
        """An If that reads what flows around it."""
        total = self.add("ReduceSum", [x.name], (), keepdims=0)
        above = self.add("Greater", [total.name, self.constant(np.array(0.0))], ())
        name = f"t{len(self.nodes)}"
        sides = [self._side(f"{name}{side}", operator, x) for side, operator in (("then", "Relu"), ("else", "Neg"))]
        self.nodes.append(helper.make_node("If", [above.name], [name], then_branch=sides[0], else_branch=sides[1]))
        return Flow(name, x.shape)

    def _side(self, name: str, operator: str, x: Flow) -> GraphProto:
        output = helper.make_tensor_value_info(name, FLOAT, ["n", *x.shape])
        return helper.make_graph([helper.make_node(operator, [x.name], [name])], name, [], [output])

    def pooled(self, x: Flow) -> Flow:
        width, *space = x.shape
        shape = (width, *(size // 2 for size in space))
        return self.add("MaxPool", [x.name], shape, kernel_shape=[2, 2], strides=[2, 2])

    def flat(self, x: Flow) -> Flow:
        """Space goes into the features, three ways."""
        size = prod(x.shape)
        match self.random.integers(3):
            case 0:
                return self.add("Flatten", [x.name], (size,))
            case 1:
                return self.add("Reshape", [x.name, self.constant(np.array([-1, size]))], (size,))
            case _:
                return self.add("ReduceMean", [x.name], x.shape[:1], axes=[2, 3], keepdims=0)

    def last_first(self, x: Flow) -> Flow:
        """Channels last, as other frameworks have it, and flat."""
        size = prod(x.shape)
        turned = self.add("Transpose", [x.name], (*x.shape[1:], x.shape[0]), perm=[0, 2, 3, 1])
        return self.add("Reshape", [turned.name, self.constant(np.array([0, -1, x.shape[0]]))], (size // x.shape[0], x.shape[0]))

    def gemm(self, x: Flow, width: int, *, dead: bool = True) -> Flow:
        alive = self.alive(width) if dead else np.ones(width)
        weight, bias = self.draw(x.shape[-1], width) / np.sqrt(x.shape[-1]) * alive, self.draw(width) * alive
        across = int(self.random.integers(2))
        inputs = [x.name, self.constant(weight.T if across else weight), self.constant(bias)]
        return self.add("Gemm", inputs, (width,), transB=across)

    def product(self, x: Flow, width: int, *, dead: bool = True) -> Flow:
        alive = self.alive(width) if dead else np.ones(width)
        weight, bias = self.draw(x.shape[-1], width) / np.sqrt(x.shape[-1]) * alive, self.draw(width) * alive
        shape = (*x.shape[:-1], width)
        made = self.add("MatMul", [x.name, self.constant(weight)], shape)
        return self.add("Add", [self.constant(bias), made.name], shape)

    def model(self, taken: tuple[int, ...], given: Flow) -> ModelProto:
        graph = helper.make_graph(
            self.nodes,
            "net",
            [helper.make_tensor_value_info("x", FLOAT, ["n", *taken])],
            [helper.make_tensor_value_info(given.name, FLOAT, ["n", *given.shape])],
            [numpy_helper.from_array(value, name) for name, value in self.weights.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model, full_check=True)
        return model


MIDDLES = ("block", "residual", "depthwise", "side_by_side", "parted", "squeezed", "branch")


@st.composite
def networks(draw: st.DrawFn) -> ModelProto:
    """Convolutions in all forms, then dense layers."""
    net = Net(np.random.default_rng(draw(st.integers(0, 2**32 - 1))))
    x = net.block(Flow("x", (3, 8, 8)), draw(st.sampled_from([8, 12])), stride=draw(st.integers(1, 2)))
    for middle in draw(st.lists(st.sampled_from(MIDDLES), min_size=1, max_size=4)):
        x = net.block(x, 16) if middle == "block" else getattr(net, middle)(x)
    x = net.block(net.pooled(x), 8)
    if draw(st.booleans()):
        x = net.flat(x)
        x = net.activation(net.gemm(x, 16))
    else:
        x = net.last_first(x)
        x = net.activation(net.product(x, 16))
        x = net.add("ReduceMean", [x.name], (16,), axes=[1], keepdims=0)
    x = net.product(net.activation(net.product(x, 12)), CLASSES, dead=False)
    return net.model((3, 8, 8), x)
