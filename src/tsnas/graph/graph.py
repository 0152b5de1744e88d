"""Networks as the cost models see them: operators in execution order over named tensors."""

from __future__ import annotations

import dataclasses
import math

from tsnas.graph.ops import Op, Shape


@dataclasses.dataclass(frozen=True)
class Node:
    """One operator of a network.

    Args:
        name: str, its name.
        op: operator descriptor.
        inputs: tuple of str, names of the tensors that it reads.
        output: str, name of the tensor that it writes.
    """

    name: str
    op: Op
    inputs: tuple[str, ...]
    output: str


@dataclasses.dataclass(frozen=True)
class Graph:
    """A network as operators in execution order, which determines the tensors that live at the same time.

    A tensor that is read but never written is a further input of the network.

    Args:
        input: str, name of the input tensor.
        input_shape: (height, width, channels) of the input tensor.
        nodes: tuple of `Node`, in execution order.
        output: str, name of the output tensor.
        offsets: tuple of int, offset in the arena of each tensor of `tensor_bytes()`, in bytes, as the file fixes it;
            -1 leaves a tensor to the interpreter. Defaults to None: all are left to the interpreter.
    """

    input: str
    input_shape: Shape
    nodes: tuple[Node, ...]
    output: str
    offsets: tuple[int, ...] | None = None

    def tensor_bytes(self) -> dict[str, int]:
        """Returns the bytes of each int8 activation tensor: the inputs, then the others in order of creation."""
        shapes = {
            name: shape for node in self.nodes for name, shape in zip(node.inputs, node.op.in_shapes, strict=True)
        }
        shapes[self.input] = self.input_shape
        sizes = {name: math.prod(shapes[name]) for name in self.inputs()}
        for node in self.nodes:
            sizes[node.output] = math.prod(node.op.out_shape)
        return sizes

    def inputs(self) -> tuple[str, ...]:
        """Returns the names of the network's inputs: the tensors that no node writes."""
        written = {node.output for node in self.nodes}
        read = (name for node in self.nodes for name in node.inputs if name not in written)
        return tuple(dict.fromkeys((self.input, *read)))


class GraphBuilder:
    """A collector of operators in execution order that gives each output tensor a name.

    Args:
        input_shape: (height, width, channels) of the input tensor, whose name is `"input"`.

    Example:
        >>> builder = GraphBuilder((128, 9, 1))
        >>> x = builder.add("stem", Conv2D(128, 9, 1, 8, 5, 1, stride_h=2), builder.input)
        >>> builder.build(x).tensor_bytes()
        {'input': 1152, 'stem': 4608}
    """

    def __init__(self, input_shape: Shape):
        self.input = "input"
        self._input_shape = input_shape
        self._nodes: list[Node] = []

    def add(self, name: str, op: Op, *inputs: str) -> str:
        """Adds an operator.

        Args:
            name: str, its name, and that of the tensor that it writes.
            op: operator descriptor.
            *inputs: str, names of the tensors that it reads.

        Returns:
            The name of the tensor that it writes.
        """
        self._nodes.append(Node(name, op, inputs, name))
        return name

    def build(self, output: str) -> Graph:
        """Returns the network of all operators that were added.

        Args:
            output: str, name of its output tensor.

        Returns:
            A `Graph`.
        """
        return Graph(self.input, self._input_shape, tuple(self._nodes), output)
