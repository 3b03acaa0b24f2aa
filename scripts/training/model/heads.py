"""The class head of a model's ONNX files: read, and written anew. The rest of the graph stays as it is.

A softmax over *units* gives the probabilities. Each class is one unit, or, where classes were merged, several, whose
probabilities a matrix of zeros and ones adds up.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import NodeProto, helper, numpy_helper
from onnxruntime.quantization.onnx_model import ONNXModel
from torch import Tensor

from training.model.onnx_files import save_clean

WEIGHTS, GROUPS, UNITS = "weights", "groups", "units"


def tail(model: ONNXModel) -> tuple[NodeProto, NodeProto, NodeProto | None]:
    """The product with the class weights, the softmax, and the sum over units if there is one."""
    softmax = next(node for node in model.nodes() if node.op_type == "Softmax")
    product = model.output_name_to_node()[softmax.input[0]]
    readers = model.input_name_to_nodes().get(softmax.output[0], [])
    return product, softmax, next((node for node in readers if node.op_type == "MatMul"), None)


def read_head(path: Path) -> tuple[Tensor, Tensor]:
    """Weights of the units ``[D, M]`` and the class of each unit ``[M]``, of a float32 file."""
    model = ONNXModel(onnx.load(path))
    product, _, total = tail(model)
    weights = torch.from_numpy(numpy_helper.to_array(model.get_initializer(product.input[1])).copy())
    if total is None:
        return weights, torch.arange(weights.shape[1])
    return weights, torch.from_numpy(numpy_helper.to_array(model.get_initializer(total.input[1])).argmax(1))


def write_head(source: Path, weights: Tensor, groups: Tensor, path: Path) -> None:
    """Writes a file of any precision, ``source``, with another head, see :func:`read_head`. The head is float32."""
    model = ONNXModel(onnx.load(source))
    product, softmax, total = tail(model)
    if total is not None:
        softmax.output[0] = total.output[0]
        model.remove_node(total)
    product.input[1] = WEIGHTS
    units, classes = len(groups), int(groups.max()) + 1
    replace(model, WEIGHTS, weights.numpy())
    if classes < units:
        matrix = torch.nn.functional.one_hot(groups, classes).float()
        added = helper.make_node("MatMul", [UNITS, GROUPS], [softmax.output[0]], name="merge_classes")
        softmax.output[0] = UNITS
        replace(model, GROUPS, matrix.numpy())
        model.graph().node.insert(list(model.graph().node).index(softmax) + 1, added)
    model.clean_initializers()
    output = next(value for value in model.graph().output if value.name == "probabilities")
    output.type.tensor_type.shape.dim[1].dim_value = classes
    model.graph().ClearField("value_info")  # shapes of the old head
    save_clean(model.model, path)


def replace(model: ONNXModel, name: str, values: np.ndarray) -> None:
    """Sets an initializer, whether the graph has it or not."""
    if old := model.get_initializer(name):
        model.remove_initializer(old)
    model.add_initializer(numpy_helper.from_array(np.ascontiguousarray(values, np.float32), name))
