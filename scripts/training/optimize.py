"""What every stage of training does alike: how the learning rate moves, and which parameters decay."""

from __future__ import annotations

import math
from typing import Any

from network import SelfClassifier


def schedule(progress: float, warmup: float) -> float:
    """Part of the learning rate, 0 to 1: linear warm-up for the first ``warmup`` of the schedule, then cosine to 0.

    Args:
        progress: part of the schedule that lies behind, 0 to 1.
    """
    if progress < warmup:
        return progress / warmup
    return 0.5 * (1 + math.cos(math.pi * (progress - warmup) / (1 - warmup)))


def parameter_groups(network: SelfClassifier, weight_decay: float) -> list[dict[str, Any]]:
    """Groups for an optimizer: the matrices of backbone and projector, which decay, and the rest.

    Biases and norms are not decayed; the class weights are normalised, so decay would mean nothing.
    """
    decayed = [p for part in (network.backbone, network.projector) for p in part.parameters() if p.ndim > 1]
    rest = [p for p in network.parameters() if all(p is not q for q in decayed)]
    return [{"params": decayed, "weight_decay": weight_decay}, {"params": rest, "weight_decay": 0.0}]
