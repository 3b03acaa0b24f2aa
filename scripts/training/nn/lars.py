"""LARS: layer-wise adaptive learning rates (You, Gitman, Ginsburg, arXiv 1708.03888), for batches of thousands."""

from __future__ import annotations

from typing import Any

import torch
from torch.optim import Optimizer

TRUST = 0.001  # eta of the paper: the relative step of a layer at a learning rate of 1


class LARS(Optimizer):
    """SGD with momentum that scales the step of each weight matrix to the norm of the matrix.

    Biases and the parameters of norms take the plain step: their norms say nothing about scale.

    Args:
        parameters: tensors or parameter groups.
        lr: global learning rate.
        momentum: momentum.
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
                # Scale by the rate after the momentum, as torch.optim.SGD does: a new rate takes effect at once.
                state["momentum"].mul_(group["momentum"]).add_(step)
                weight.add_(state["momentum"], alpha=-group["lr"])
