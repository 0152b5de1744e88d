"""Networks as the cost models see them: operators in execution order over named tensors."""

from __future__ import annotations

import dataclasses
import math

from tsnas.graph.ops import Op
from tsnas.graph.shapes import AnyShape


@dataclasses.dataclass(frozen=True)
class Node:
    """One operator of a network.

    Args:
        name: str, its name.
        op: operator descriptor.
        inputs: tuple of str, names of the tensors that it reads.
        output: str, name of the tensor that it writes.
        more_outputs: tuple of str, names of further tensors that it writes. Defaults to ().
    """

    name: str
    op: Op
    inputs: tuple[str, ...]
    output: str
    more_outputs: tuple[str, ...] = ()

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of all tensors that it writes."""
        return (self.output, *self.more_outputs)


@dataclasses.dataclass(frozen=True)
class FileTensors:
    """Facts of a file about its tensors that do not follow from its operators.

    Args:
        sizes: tuple of (name, bytes) of each tensor that the interpreter places, in the order of the file.
        n_tensors: int, number of all tensors, constants included.
        inputs: tuple of str, names of the network's inputs.
        state_bytes: tuple of int, bytes of each tensor that keeps its values from one inference to the next. Defaults
            to ().
        scales: tuple, for each operator, of the number of scales of each of its inputs, constants included. Defaults to
            (): a bias has as many as the weights.
    """

    sizes: tuple[tuple[str, int], ...]
    n_tensors: int
    inputs: tuple[str, ...]
    state_bytes: tuple[int, ...] = ()
    scales: tuple[tuple[int, ...], ...] = ()


@dataclasses.dataclass(frozen=True)
class Graph:
    """A network as operators in execution order, which determines the tensors that live at the same time.

    A tensor that is read but never written is a further input of the network.

    Args:
        input: str, name of the input tensor.
        input_shape: shape of the input tensor without its batch, as (height, width, channels) where it has three axes.
        nodes: tuple of `Node`, in execution order.
        output: str, name of the output tensor.
        offsets: tuple of int, offset in the arena of each tensor of `tensor_bytes()`, in bytes, as the file fixes it;
            -1 leaves a tensor to the interpreter. Defaults to None: all are left to the interpreter.
        more_outputs: tuple of str, names of further output tensors. Defaults to ().
        file: `FileTensors` of the file that it was read from; two graphs of the same operators are equal whatever it
            is. Defaults to None: every tensor is of int8, the inputs come first.
    """

    input: str
    input_shape: AnyShape
    nodes: tuple[Node, ...]
    output: str
    offsets: tuple[int, ...] | None = None
    more_outputs: tuple[str, ...] = ()
    file: FileTensors | None = dataclasses.field(default=None, compare=False)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of all output tensors."""
        return (self.output, *self.more_outputs)

    def tensor_bytes(self) -> dict[str, int]:
        """Returns the bytes of each activation tensor, in the order in which the interpreter sees them.

        That of the file; without one, the inputs, then the others in order of creation.
        """
        if self.file is not None:
            return dict(self.file.sizes)
        shapes: dict[str, AnyShape] = {
            name: shape for node in self.nodes for name, shape in zip(node.inputs, node.op.in_shapes, strict=True)
        }
        shapes[self.input] = self.input_shape
        sizes = {name: math.prod(shapes[name]) for name in self.inputs()}
        for node in self.nodes:
            sizes[node.output] = math.prod(node.op.out_shape)
        return sizes

    def inputs(self) -> tuple[str, ...]:
        """Returns the names of the network's inputs: those of the file, or the tensors that no node writes."""
        if self.file is not None:
            return self.file.inputs
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

    def __init__(self, input_shape: AnyShape):
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
