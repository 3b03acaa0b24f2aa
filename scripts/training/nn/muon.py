"""Muon: momentum SGD with orthogonalized steps (Jordan et al., 2024, kellerjordan.github.io/posts/muon).

An orthogonal step moves all directions of a weight matrix by the same amount; a plain gradient moves only a few. On
32-pixel images SGD needs several times as many multiply-accumulates for the same accuracy.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from training.nn.precision import has_bfloat16

# The authors' quintic polynomial: five steps bring every singular value close to 1.
QUINTIC = (3.4445, -4.7750, 2.0315)
STEPS = 5


def orthogonalize(matrix: Tensor) -> Tensor:
    """Approximates the nearest semi-orthogonal matrix by Newton-Schulz iteration, in bfloat16 where that is fast.

    Args:
        matrix: ``[rows, columns]``.

    Returns:
        the same shape, with singular values of about 0.7 to 1.2.
    """
    a, b, c = QUINTIC
    x = matrix.bfloat16() if has_bfloat16(matrix.device.type) else matrix
    wide = x.shape[0] <= x.shape[1]
    x = x if wide else x.mT
    x = x / (x.norm() + 1e-7)
    for _ in range(STEPS):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return x if wide else x.mT


class Muon(Optimizer):
    """Muon for the parameter groups with ``muon=True``, SGD with Nesterov momentum for the others.

    A kernel ``[out, in, h, w]`` counts as the matrix ``[out, in * h * w]``. The step is scaled by
    ``sqrt(max(1, rows / columns))``, so that one learning rate suits layers of all shapes.

    Args:
        parameters: parameter groups; ``lr`` and ``momentum`` may differ by group.
        lr: learning rate of the groups that set none.
        momentum: momentum of the groups that set none.
        weight_decay: L2 penalty, decoupled from the step in the groups with ``muon=True``.
    """

    def __init__(
        self, parameters: Any, lr: float, momentum: float = 0.95, weight_decay: float = 0.0
    ) -> None:
        super().__init__(
            parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay, "muon": False}
        )

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        for group in self.param_groups:
            rate, momentum, decay = group["lr"], group["momentum"], group["weight_decay"]
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                gradient = weight.grad if group["muon"] else weight.grad.add(weight, alpha=decay)
                state = self.state[weight]
                if "momentum" not in state:
                    state["momentum"] = torch.zeros_like(weight)
                average = state["momentum"].mul_(momentum).add_(gradient)
                step = gradient.add(average, alpha=momentum)
                if group["muon"]:
                    rows = len(weight)
                    step = orthogonalize(step.reshape(rows, -1)).view(weight.shape).to(weight.dtype)
                    rate = group["lr"] * max(1.0, rows * rows / weight.numel()) ** 0.5
                    weight.mul_(1 - group["lr"] * decay)
                weight.add_(step, alpha=-rate)
