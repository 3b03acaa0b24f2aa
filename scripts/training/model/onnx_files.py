"""Writes and runs the ONNX files of a model: float32, float16 and int8.

All take ``image``, uint8 RGB ``[N, H, W, 3]``, and return ``probabilities [N, C]`` and ``embedding [N, D]`` of unit
length. Cast, normalization and transpose are part of the graph; batch norm is folded into the convolutions.
"""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from onnx import TensorProto
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.onnx_model import ONNXModel
from onnxruntime.quantization.shape_inference import quant_pre_process
from onnxruntime.transformers.float16 import convert_float_to_float16
from torch import Tensor, nn

from training.nn.network import PIXEL_MEAN, PIXEL_STD, SelfClassifier

OPSET = 18  # the lowest that the exporter of PyTorch writes without a conversion

# Probabilities [N, C] and embeddings [N, D], float32, of images, uint8 [N, H, W, 3].
Outputs = tuple[Tensor, Tensor]
Predict = Callable[[Tensor], Outputs]


class Deployment(nn.Module):
    """The network as it is served: backbone, projector and one classifier.

    Args:
        network: the trained network, in evaluation mode.
        head: index of the classifier.
        order: ``[C]``: the outputs of the classifier that become outputs 0, 1, ...
        tau: temperature of the softmax over classes, ``tau_row`` of the loss.
    """

    def __init__(self, network: SelfClassifier, head: int, order: Tensor, tau: float) -> None:
        super().__init__()
        self.backbone, self.projector = network.backbone, network.projector
        self.register_buffer("weights", F.normalize(network.heads[head].detach(), dim=1)[order].T / tau)
        self.eval()

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        pixels = (image.permute(0, 3, 1, 2).float() - PIXEL_MEAN) / PIXEL_STD
        embedding = self.projector(self.backbone(pixels))
        embedding = embedding / embedding.norm(dim=1, keepdim=True).clamp_min(1e-12)
        return torch.softmax(embedding @ self.weights, dim=1), embedding


def write_fp32(deployment: Deployment, size: int, path: Path) -> None:
    """Writes the float32 graph, for images of ``size`` pixels and any batch size."""
    # Silence irrelevant exporter warnings.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(action="ignore", category=FutureWarning):
        program = torch.onnx.export(
            deployment,
            (torch.zeros(2, size, size, 3, dtype=torch.uint8),),
            input_names=["image"],
            output_names=["probabilities", "embedding"],
            dynamic_shapes={"image": {0: torch.export.Dim("N")}},
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    with tempfile.TemporaryDirectory() as folder:
        exported, prepared = Path(folder, "exported.onnx"), Path(folder, "prepared.onnx")
        onnx.save(program.model_proto, exported)
        # Symbolic shape inference is for transformers. Here only N is symbolic.
        quant_pre_process(exported, prepared, skip_symbolic_shape=True)
        save_clean(onnx.load(prepared), path)


def write_fp16(fp32: Path, path: Path) -> None:
    """Writes a float32 graph as float16, for WebGPU.

    Weights and everything up to the projector become float16. Outputs stay float32, and so do the normalization, the
    cosines and the softmax before them, as in int8.
    """
    graph = onnx.load(fp32)
    last = max(i for i, node in enumerate(graph.graph.node) if node.op_type == "Gemm")
    tail = [node.name for node in graph.graph.node[last + 1 :]]
    converted = ONNXModel(convert_float_to_float16(graph, keep_io_types=True, node_block_list=tail))
    drop_half_steps(converted)
    converted.topological_sort()  # the casts are at the end
    converted.model.graph.ClearField("value_info")  # types of the float32 graph
    save_clean(converted.model, path)


def drop_half_steps(model: ONNXModel) -> None:
    """Removes the casts to float16 and back that the conversion puts after each float32 node."""
    makers = model.output_name_to_node()
    to = {node.output[0]: node.attribute[0].i for node in model.nodes() if node.op_type == "Cast"}
    for node in model.nodes():
        half = makers.get(node.input[0]) if to.get(node.output[0]) == TensorProto.FLOAT else None
        if half and to.get(half.output[0]) == TensorProto.FLOAT16:
            model.replace_input_of_all_nodes(node.output[0], half.input[0])
            node.input[0] = half.input[0]  # keeps the name of a graph output
    while unused := [cast for cast in model.nodes() if cast.output[0] in to and not is_used(model, cast.output[0])]:
        model.remove_nodes(unused)


def is_used(model: ONNXModel, name: str) -> bool:
    """Whether a node reads the value, or it is an output of the graph."""
    return name in model.input_name_to_nodes() or any(output.name == name for output in model.graph().output)


def write_int8(fp32: Path, images: Tensor, path: Path) -> None:
    """Quantizes a float32 graph statically: QDQ, weights QInt8 per channel, activations QUInt8.

    Convolutions, residual additions and the matrices of a projector of two layers are int8. Float32 stay the pooling, a
    linear embedding, which magnifies small differences, the outputs of the projector, and all that follows: there, rounding
    to 1/255 of the range would change the answers, and float32 costs nothing. Only onnxruntime runs the file, see
    :func:`optimize_graph`.

    Args:
        images: uint8 ``[N, H, W, 3]``, 500 to 1,000 unaugmented training images for the calibration.
    """
    nodes = onnx.load(fp32).graph.node
    pixels = next(node.input[0] for node in nodes if node.op_type == "Conv")
    matrices = [node.name for node in nodes if node.op_type == "Gemm"]
    linear = matrices if len(matrices) == 1 else []  # a projector has two
    # Pixels are uint8 already. This scale and zero point reproduce them exactly.
    exact = {
        "quant_type": QuantType.QUInt8,
        "scale": np.array(1 / PIXEL_STD, np.float32),
        "zero_point": np.array(PIXEL_MEAN, np.uint8),
    }
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        quantized, optimized = Path(folder, "quantized.onnx"), Path(folder, "optimized.onnx")
        quantize_static(
            fp32,
            quantized,
            Calibration(images),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv", "Relu", "Add", "MaxPool", "Gemm"],
            nodes_to_exclude=linear,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            # Lets one activation in 10,000 saturate, which gives the others finer steps.
            calibrate_method=CalibrationMethod.Percentile,
            extra_options={
                "CalibPercentile": 99.99,
                "CalibStridedMinMax": 1,  # one batch at a time, so that memory does not grow with the images
                "OpTypesToExcludeOutputQuantization": ["Gemm"],
                "TensorQuantOverrides": {pixels: [exact]},
            },
        )
        optimize_graph(quantized, optimized)
        save_clean(onnx.load(optimized), path)


def optimize_graph(graph: Path, path: Path) -> None:
    """Runs the graph optimizers of onnxruntime ahead of time, which use its own operators (``com.microsoft``).

    The served runtime then needs no optimizers. Answers stay bit-identical, and the graph runs on every processor: the
    processor-specific layout optimizer is disabled.
    """
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.add_session_config_entry("optimization.disable_specified_optimizers", "NchwcTransformer")
    options.optimized_model_filepath = str(path)
    options.log_severity_level = 3  # it warns about layouts
    onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


class Calibration(CalibrationDataReader):
    """Feeds calibration images to the quantizer, batch by batch."""

    def __init__(self, images: Tensor, batch: int = 50) -> None:
        self.batches = [{"image": part.numpy()} for part in images.split(batch)]
        self.set_range(0, len(self.batches))

    def __len__(self) -> int:
        return len(self.batches)

    def set_range(self, start_index: int, end_index: int) -> None:
        self.rest = iter(self.batches[start_index:end_index])

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.rest, None)


def save_clean(model: onnx.ModelProto, path: Path) -> None:
    """Saves a graph without the notes of the exporter (stack traces with paths) and unused operator sets."""
    for note in (model.graph, *model.graph.node, *model.graph.value_info, *model.graph.input):
        note.ClearField("metadata_props")
    for node in model.graph.node:
        node.ClearField("doc_string")
    used = {node.domain for node in model.graph.node}
    for opset in [opset for opset in model.opset_import if opset.domain not in used]:
        model.opset_import.remove(opset)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def open_graph(path: Path) -> Predict:
    """Loads a graph into onnxruntime for the CPU, with as many threads as PyTorch uses."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def predict(images: Tensor) -> tuple[Tensor, Tensor]:
        outputs = session.run(["probabilities", "embedding"], {"image": images.numpy()})
        return torch.from_numpy(outputs[0]), torch.from_numpy(outputs[1])

    return predict


@torch.no_grad()
def predict_all(predict: Predict, images: Tensor, batch: int = 200) -> Outputs:
    """Runs ``predict`` on any number of images, batch by batch."""
    probabilities, embeddings = zip(*(predict(part.contiguous()) for part in images.split(batch)), strict=True)
    return torch.cat(probabilities), torch.cat(embeddings)
