"""Muon: momentum whose step in each matrix is made orthogonal (Jordan et al., 2024, kellerjordan.github.io/posts/muon).

Orthogonal steps move every direction of a layer by the same amount, where plain gradients are ruled by a few. On
32-pixel pictures a fixed number of multiply-accumulates reaches with it what SGD needs several times as many for.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

# The quintic of the authors: five steps bring every singular value close to 1.
QUINTIC = (3.4445, -4.7750, 2.0315)
STEPS = 5


def orthogonalize(matrix: Tensor) -> Tensor:
    """The nearest half-orthogonal matrix, roughly, by a Newton-Schulz iteration in bfloat16.

    Args:
        matrix: ``[rows, columns]``.

    Returns:
        bfloat16 of the same shape, singular values of about 0.7 to 1.2.
    """
    a, b, c = QUINTIC
    x = matrix.bfloat16()
    wide = x.shape[0] <= x.shape[1]
    x = x if wide else x.mT
    x = x / (x.norm() + 1e-7)
    for _ in range(STEPS):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return x if wide else x.mT


class Muon(Optimizer):
    """Muon for the groups that have ``muon=True``, SGD with Nesterov momentum for the others.

    A kernel ``[out, in, h, w]`` counts as the matrix ``[out, in * h * w]``. The step is scaled by
    ``sqrt(max(1, rows / columns))``, so that one learning rate suits layers of all shapes.

    Args:
        parameters: groups; ``lr`` and ``momentum`` may differ by group.
        lr: learning rate of groups that give none.
        momentum: part of the last step that is taken again.
        weight_decay: L2 penalty; decoupled from the step in the groups of Muon, whose steps have a length of their own.
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
