"""Learning rate schedule, parameter groups, optimizers by name, and the running average of the weights."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from training.nn.lars import LARS
from training.nn.muon import Muon
from training.nn.network import SelfClassifier


def schedule(progress: float, warmup: float, decay: float = 1.0) -> float:
    """Factor of the learning rate, 0 to 1: linear warm-up, a plateau, and a cosine to 0.

    A run with a plateau can be extended: what came before the decay does not depend on where it ends
    (Hu et al., arXiv 2404.06395).

    Args:
        progress: fraction of the schedule that is done, 0 to 1.
        warmup: fraction of the schedule in which the rate rises.
        decay: fraction of the schedule, at its end, in which the rate falls.
    """
    if progress < warmup:
        return progress / warmup
    start = max(warmup, 1 - decay)
    return 0.5 * (1 + math.cos(math.pi * (progress - start) / (1 - start))) if progress > start else 1.0


def parameter_groups(network: SelfClassifier, weight_decay: float) -> list[dict[str, Any]]:
    """Two groups: the matrices of backbone and projector, with weight decay, and the rest, without.

    Biases and norms are not decayed. Nor are the class weights: they are normalized, so decay has no effect.
    """
    decayed = [p for part in (network.backbone, network.projector) for p in part.parameters() if p.ndim > 1]
    rest = [p for p in network.parameters() if all(p is not q for q in decayed)]
    return [{"params": decayed, "weight_decay": weight_decay}, {"params": rest, "weight_decay": 0.0}]


def make_optimizer(
    name: str, network: SelfClassifier, lr: float, rest_lr: float, weight_decay: float
) -> torch.optim.Optimizer:
    """The optimizer ``name``: ``muon``, ``lars`` or ``sgd``.

    Args:
        lr: learning rate; with ``muon`` that of the matrices.
        rest_lr: with ``muon``, learning rate of norms, biases and class weights.

    Raises:
        ValueError: for any other name.
    """
    matrices, rest = parameter_groups(network, weight_decay)
    if name == "muon":
        return Muon([matrices | {"muon": True}, rest | {"lr": rest_lr, "momentum": 0.9}], lr)
    if name == "lars":
        return LARS([matrices, rest], lr=lr, momentum=0.9)
    if name == "sgd":
        return torch.optim.SGD([matrices, rest], lr=lr, momentum=0.9, nesterov=True)
    raise ValueError(f"--optimizer: expected muon, sgd or lars, got {name!r}")


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, momentum: float) -> None:
    """Moves the weights and running statistics of ``average`` towards those of ``network``."""
    for mine, theirs in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if mine.is_floating_point():
            mine.lerp_(theirs, 1 - momentum)
        else:
            mine.copy_(theirs)
