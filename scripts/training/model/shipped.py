"""A shipped model as a network that can train on: batch norm, which the export folded into the weights, comes back."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from training.model.manifest import path_of, read_manifest
from training.nn.network import SelfClassifier, build, spread


def start_of(model: Path, images: Tensor) -> dict[str, Any]:
    """What a run starts from: ``config`` and ``network`` as in a checkpoint, see :func:`load_model`, and ``init``, the
    name of the model, its version, and what it had cost with all that it had started from."""
    manifest = read_manifest(model)
    training = manifest["training"]
    cost = sum(part.get("multiplyAccumulates", 0) for part in (training, training.get("init", {})))
    return {
        "config": training["recipe"],
        "network": load_model(model, images).state_dict(),
        "init": {"model": manifest["name"], "version": manifest["version"]} | ({"multiplyAccumulates": cost} if cost else {}),
    }


def load_model(model: Path, images: Tensor) -> SelfClassifier:
    """Reads the float32 file of a model as a network whose answers are the same, in evaluation mode.

    Only the served head is in the file; the other heads are as random as at the start of a run. In training, batch norm
    takes its statistics from the batch, so any scale of the weights before it gives the same answers; but the larger
    they are, the less a step of the optimizer turns them. They get the scale of the last matrix, which kept its own (of a
    linear embedding: that of the projector before it).

    Args:
        model: folder of the model.
        images: uint8 ``[N, 3, H, W]``, some hundreds, from which the statistics of batch norm are taken.
    """
    graph = onnx.load(path_of(model, "fp32")).graph
    values = {item.name: torch.from_numpy(np.array(numpy_helper.to_array(item))) for item in graph.initializer}
    network = build(read_manifest(model)["training"]["recipe"]).eval()
    modules = dict(network.named_modules())
    embedding = "projector.3" if "projector.3.weight" in values else "projector"
    last = values[f"{embedding}.weight"]
    for name in modules:
        if f"{name}.weight_bias" in values:
            weight = values[f"{name}.weight"]
            scale = spread(weight) / spread(last)
            modules[name].weight.data = weight / scale
            unfold = partial(set_norm, scale=scale, bias=values[f"{name}.weight_bias"])
            modules[norm_after(name)].register_forward_pre_hook(unfold)
    with torch.no_grad():
        network(images.float())
    for module in modules.values():
        module._forward_pre_hooks.clear()
    modules[embedding].weight.data, modules[embedding].bias.data = last, values[f"{embedding}.bias"]
    network.heads[0].data = nn.functional.normalize(values["weights"].T, dim=1)
    return network


def norm_after(name: str) -> str:
    """The batch norm that follows a layer: ``conv1`` and ``bn1``, or the next in a sequence."""
    head, _, last = name.rpartition(".")
    return f"{head}.{last.replace('conv', 'bn') if last.startswith('conv') else int(last) + 1}"


def set_norm(norm: nn.BatchNorm2d | nn.BatchNorm1d, inputs: tuple[Tensor], scale: Tensor, bias: Tensor) -> None:
    """Gives a batch norm the statistics of its inputs, and what makes its outputs ``scale`` times them plus ``bias``."""
    channels = inputs[0].transpose(0, 1).flatten(1)
    norm.running_mean, norm.running_var = channels.mean(1), channels.var(1)
    norm.weight.data = scale * (norm.running_var + norm.eps).sqrt()
    norm.bias.data = bias + scale * norm.running_mean
