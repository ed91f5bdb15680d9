"""Write the embedding model anew, so that it computes with its int8 weights as they are.

    python compact.py SOURCE DESTINATION

In the package each weight is int8 and a scale for each row or column, of which float32 is made
first: four times the memory, and all of it is read for the shortest text. Here a table's rows are
looked up before they are made float32, which gives the same numbers; and a matrix goes to
onnxruntime's product of int8 blocks (MatMulNBits), which makes int8 of the other side as well,
block by block of each row. Vectors agree with those of the package to a cosine of 0.999 and more.

A program of its own, so that what it takes is given back. It imports nothing of MemoryLoop.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

# Numbers that share a scale. With 32 many texts at once take 0.95 of the time, and one duplicate in
# seventy is not found any more; with 128 it is 0.8, but a text's vector then depends on what it is
# embedded together with.
BLOCK = 16
_BITS = 8
# How MatMulNBits is told to make int8 of what it multiplies by.
_INT8 = 4
_CONTRIBUTED = "com.microsoft"


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
        """Tell whether each column has a scale, and is so many blocks long."""
        rows, columns = self.numbers.dims
        return list(self.scales.dims) == [1, columns] and rows % BLOCK == 0


def write(source: Path, destination: Path) -> None:
    """Write the model of a file to another. Raises ValueError for one without such weights."""
    model = onnx.load(source)
    weights = dict(_weights(model.graph))
    if not weights:
        raise ValueError(f"{source} has no int8 weights.")
    nodes, values = list[onnx.NodeProto](), list[onnx.TensorProto]()
    for node in model.graph.node:
        weight = next((weights[name] for name in node.input if name in weights), None)
        if weight is not None and node.op_type == "Gather" and weight.is_table:
            nodes += _looked_up(node, weight)
        elif weight is not None and node.op_type == "MatMul" and weight.is_matrix:
            values += _blocks(node, weight)
            nodes.append(_product(node, weight, values[-2:]))
        else:
            nodes.append(node)
    _replace(model.graph, nodes, values)
    model.opset_import.append(helper.make_opsetid(_CONTRIBUTED, 1))
    onnx.save(model, destination)


def _weights(graph: onnx.GraphProto) -> Iterator[tuple[str, Weight]]:
    """Yield each int8 weight by the name of the float32 that is made of it."""
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


def _looked_up(node: onnx.NodeProto, weight: Weight) -> list[onnx.NodeProto]:
    """Return what looks up rows as int8, with their scales."""
    own, places = node.output[0], node.input[1]
    return [
        helper.make_node("Gather", [weight.numbers.name, places], [f"{own}_int8"], axis=0),
        helper.make_node("Gather", [weight.scales.name, places], [f"{own}_scale"], axis=0),
        helper.make_node("Cast", [f"{own}_int8"], [f"{own}_float"], to=onnx.TensorProto.FLOAT),
        helper.make_node("Mul", [f"{own}_float", f"{own}_scale"], [own]),
    ]


def _blocks(node: onnx.NodeProto, weight: Weight) -> list[onnx.TensorProto]:
    """Return a matrix as MatMulNBits takes it: by column and block, 128 for nothing, and scales."""
    rows, columns = weight.numbers.dims
    numbers = numpy_helper.to_array(weight.numbers).T.astype(np.int16) + 128
    scales = numpy_helper.to_array(weight.scales).reshape(columns, 1)
    shaped = numbers.astype(np.uint8).reshape(columns, rows // BLOCK, BLOCK)
    repeated = np.repeat(scales, rows // BLOCK, axis=1).astype(np.float32)
    return [
        numpy_helper.from_array(np.ascontiguousarray(array), f"{node.output[0]}_{name}")
        for name, array in (("blocks", shaped), ("scales", repeated))
    ]


def _product(
    node: onnx.NodeProto, weight: Weight, blocks: list[onnx.TensorProto]
) -> onnx.NodeProto:
    rows, columns = weight.numbers.dims
    return helper.make_node(
        "MatMulNBits",
        [node.input[0], *(value.name for value in blocks)],
        list(node.output),
        domain=_CONTRIBUTED,
        K=rows,
        N=columns,
        bits=_BITS,
        block_size=BLOCK,
        accuracy_level=_INT8,
    )


def _replace(
    graph: onnx.GraphProto, nodes: list[onnx.NodeProto], values: list[onnx.TensorProto]
) -> None:
    """Put these nodes in place of those that are there, and leave out what nobody needs then."""
    values = [*graph.initializer, *values]
    count = 0
    while count != len(nodes):
        count = len(nodes)
        needed = {value.name for value in graph.output}.union(*(node.input for node in nodes))
        nodes = [node for node in nodes if not needed.isdisjoint(node.output)]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend(value for value in values if value.name in needed)


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]))
