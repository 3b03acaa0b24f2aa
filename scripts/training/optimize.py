"""What every stage of training does alike: how the learning rate moves, which parameters decay, the running average."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from network import SelfClassifier


def schedule(progress: float, warmup: float, decay: float = 1.0) -> float:
    """Part of the learning rate, 0 to 1: linear warm-up, a plateau, and a cosine to 0.

    With a plateau a run can be made longer at any time: what went before does not depend on where it ends
    (Hu et al., arXiv 2404.06395).

    Args:
        progress: part of the schedule that lies behind, 0 to 1.
        warmup: part of the schedule in which the rate rises.
        decay: part of the schedule, at its end, in which the rate falls.
    """
    if progress < warmup:
        return progress / warmup
    start = max(warmup, 1 - decay)
    return 0.5 * (1 + math.cos(math.pi * (progress - start) / (1 - start))) if progress > start else 1.0


def parameter_groups(network: SelfClassifier, weight_decay: float) -> list[dict[str, Any]]:
    """Groups for an optimizer: the matrices of backbone and projector, which decay, and the rest.

    Biases and norms are not decayed; the class weights are normalised, so decay would mean nothing.
    """
    decayed = [p for part in (network.backbone, network.projector) for p in part.parameters() if p.ndim > 1]
    rest = [p for p in network.parameters() if all(p is not q for q in decayed)]
    return [{"params": decayed, "weight_decay": weight_decay}, {"params": rest, "weight_decay": 0.0}]


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, momentum: float) -> None:
    """Moves weights and running statistics of ``average`` towards those of ``network``."""
    for mine, theirs in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if mine.is_floating_point():
            mine.lerp_(theirs, 1 - momentum)
        else:
            mine.copy_(theirs)
