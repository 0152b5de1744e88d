"""The kernels in plain C, operator by operator, against the reference interpreter."""

import subprocess

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from on_pc import compile_export
from one_op import one_op_file

from tsnas.export.layouts import ARITHMETIC, KERNELS, SOURCES
from tsnas.export.network import build_graph
from tsnas.export.render import render
from tsnas.graph.ops import AveragePool2D, Conv2D, DepthwiseConv2D, FullyConnected, MaxPool2D
from tsnas.tflite.graph_reader import read_graph

OPS = [
    Conv2D(7, 5, 3, 6, 3, 2, 2, 1, "same", "relu"),
    Conv2D(7, 5, 8, 4, 1, 1),
    Conv2D(9, 4, 2, 5, 4, 3, 1, 2, "valid", "none"),
    DepthwiseConv2D(8, 5, 4, 1, 3, 3, 2, 2, "same", "relu"),
    DepthwiseConv2D(6, 6, 3, 2, 2, 3, 1, 1, "valid", "none"),
    # A kernel that spans more than its input, one of a single tap, strides beside a dilation, and no padding.
    Conv2D(7, 2, 5, 4, 5, 1, dilation_h=4),
    Conv2D(6, 3, 4, 4, 1, 1, dilation_h=3),
    Conv2D(17, 8, 3, 6, 3, 2, 2, 3, "same", "none", dilation_h=3, dilation_w=2),
    Conv2D(20, 9, 2, 5, 4, 3, 1, 2, "valid", dilation_h=6, dilation_w=4),
    DepthwiseConv2D(9, 5, 3, 1, 7, 3, dilation_h=2, dilation_w=3),
    DepthwiseConv2D(19, 6, 2, 3, 3, 2, 2, 1, "valid", "none", dilation_h=5),
    FullyConnected(20, 7),
    MaxPool2D(7, 6, 3, 3, 2, 2, 2, "same"),
    MaxPool2D(7, 6, 3, 2, 2, 1, 2, "valid"),
    AveragePool2D(7, 6, 5, 3, 2, 2, 2, "same"),
    AveragePool2D(7, 6, 2, 2, 3, 1, 1, "valid"),
]
MAIN = """
#include <stdio.h>
#include "tsnas.h"
int main(void)
{
    int8_t *input = tsnas_input();
    const size_t got = fread(input, 1, %d, stdin);
    if (got != %d || tsnas_run()) {
        return 1;
    }
    fwrite(tsnas_output(), 1, %d, stdout);
    return 0;
}
"""


@pytest.mark.parametrize("op", OPS, ids=str)
def test_bit_for_bit(tmp_path, op):
    tflite = one_op_file(op, seed=3)
    net = build_graph(read_graph(tflite), tflite)
    folder = tmp_path / "tsnas"
    folder.mkdir()
    for name in KERNELS + ARITHMETIC:
        (folder / name).write_text((SOURCES / name).read_text())
    facts = {name: getattr(net, name) for name in ("layers", "arena_bytes", "constant_bytes", "mve")}
    facts |= {"input_offset": net.input_offset, "output_offset": net.output_offset}
    (folder / "tsnas_model.c").write_text(render("tsnas_model.c.j2", **facts))
    (folder / "tsnas.h").write_text(
        f"#include <stdint.h>\n#define TSNAS_ARENA_BYTES {net.arena_bytes}\n"
        "int tsnas_init(void);\nint8_t *tsnas_input(void);\nconst int8_t *tsnas_output(void);\nint tsnas_run(void);\n"
    )
    interpreter = Interpreter(model_content=tflite, experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    (given,), (expected,) = interpreter.get_input_details(), interpreter.get_output_details()
    values = np.random.default_rng(5).integers(-128, 128, given["shape"]).astype(np.int8)
    interpreter.set_tensor(given["index"], values)
    interpreter.invoke()
    reference = interpreter.get_tensor(expected["index"])
    program = compile_export(tmp_path, MAIN % (values.size, values.size, reference.size), tmp_path / "op")
    found = subprocess.run([program], input=values.tobytes(), capture_output=True, check=True).stdout
    assert np.frombuffer(found, np.int8).tolist() == reference.ravel().tolist()


SCRATCH = """
#include <stdio.h>
#include "tsnas_kernels.h"
int main(void)
{
    static const int8_t weights[3] = {1, 2, 3};
    static const int32_t zero[1] = {0}, multiplier[1] = {1 << 30};
    const struct tsnas_conv layer = {{4, 1, 1}, {4, 1, 1}, 3, 1, 1, 1, 1, 0, 1, 1, 0, 0, -128, 127, weights, zero,
                                     multiplier, zero};
    const int8_t in[4] = {1, 1, 1, 1};
    int8_t out[4] = {0}, scratch[3];
    printf("%d ", tsnas_conv2d(&layer, in, out, scratch, 2));
    printf("%d ", tsnas_conv2d(&layer, in, out, scratch, 3));
    printf("%d %d %d %d", out[0], out[1], out[2], out[3]);
    return 0;
}
"""


def test_too_little_scratch_is_said_and_nothing_is_written_beyond_it(tmp_path):
    folder = tmp_path / "tsnas"
    folder.mkdir()
    for name in KERNELS + ARITHMETIC:
        (folder / name).write_text((SOURCES / name).read_text())
    program = compile_export(tmp_path, SCRATCH, tmp_path / "scratch")
    found = subprocess.run([program], capture_output=True, check=True, text=True).stdout
    # A multiplier of 2**30 halves; halves are rounded up: 5, 6, 6 and 3.
    assert found == "1 0 3 3 3 2"
