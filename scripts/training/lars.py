"""LARS: a learning rate for each layer (You, Gitman, Ginsburg: arXiv 1708.03888), for batches of thousands."""

from __future__ import annotations

from typing import Any

import torch
from torch.optim import Optimizer

TRUST = 0.001  # the paper's eta: the part of its own length by which a layer moves at a learning rate of 1


class LARS(Optimizer):
    """SGD with momentum whose step in each weight matrix is in proportion to the matrix.

    Biases and norms, which have one dimension, take the plain step: their lengths say nothing about scale.

    Args:
        parameters: tensors or groups, as in every optimizer.
        lr: the global learning rate.
        momentum: part of the last step that is taken again.
        weight_decay: L2 penalty.
    """

    def __init__(
        self, parameters: Any, lr: float, momentum: float = 0.9, weight_decay: float = 0.0
    ) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        for group in self.param_groups:
            decay = group["weight_decay"]
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                step = weight.grad.add(weight, alpha=decay)
                if weight.ndim > 1:
                    length, slope = weight.norm(), weight.grad.norm()
                    trust = TRUST * length / (slope + decay * length)
                    step *= torch.where((length > 0) & (slope > 0), trust, 1.0)
                state = self.state[weight]
                if "momentum" not in state:
                    state["momentum"] = torch.zeros_like(weight)
                # The rate is outside the momentum, as in torch.optim.SGD: a new one counts at once.
                state["momentum"].mul_(group["momentum"]).add_(step)
                weight.add_(state["momentum"], alpha=-group["lr"])
