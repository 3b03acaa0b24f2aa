"""The Self-Classifier loss (arXiv 2103.10994, section 3.2 and algorithm 1).

Cross-entropy between the class predictions of two views, with a uniform prior over the classes built in: by Bayes,
``p(y|x1)`` is proportional to ``p(x1|y)``, a softmax over the *batch* (columns), and dividing the prediction's row
softmax by its column sums makes every class weigh the same. One class for all, and the uniform answer, both cost
exactly ``log C``: a loss that stays there has collapsed.

The batch is that of all processes (``distributed.py``). Of the others' logits both softmaxes need no more than each
class's log-sum over the batch, so that alone is gathered: nothing of size batch x classes grows with the processes.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from distributed import gather, world


def batch_logsumexp(logits: Tensor) -> Tensor:
    """Log-sum-exp of each class over the rows ``[N, C]`` of all processes: ``[1, C]``."""
    return torch.logsumexp(gather(torch.logsumexp(logits, dim=0, keepdim=True)), dim=0, keepdim=True)


def view_loss(target: Tensor, prediction: Tensor, tau_row: float, tau_col: float) -> Tensor:
    """Cross-entropy of one view's prediction against another view's target.

    Args:
        target: cosine logits ``[N, C]`` of the view that gives the target.
        prediction: cosine logits ``[N, C]`` of the view that predicts, rows aligned with ``target``.
        tau_row: temperature of the softmax over classes (paper: 0.1).
        tau_col: temperature of the softmax over the batch (paper: 0.05).

    Returns:
        The mean over this process's rows, a scalar of float32 (float64 for float64 input); the mean of that over the
        processes is the mean over the batch.
    """
    dtype = torch.promote_types(target.dtype, torch.float32)
    target, prediction = target.to(dtype), prediction.to(dtype)
    rows, classes = target.shape
    target = target / tau_col
    log_target = torch.log_softmax(target - batch_logsumexp(target), dim=1)
    log_row = torch.log_softmax(prediction / tau_row, dim=1)
    # log of (N / C) * softmax / its column sum
    log_prediction = log_row - batch_logsumexp(log_row) + math.log(world() * rows / classes)
    return -(log_target.exp() * log_prediction).sum(1).mean()


def self_classifier_loss(
    targets: list[list[Tensor]],
    predictions: list[list[Tensor]],
    tau_row: float = 0.1,
    tau_col: float = 0.05,
) -> Tensor:
    """Mean of :func:`view_loss` over all pairs of different views: one for every head, ``[heads]``.

    Args:
        targets: ``targets[i][h]``: logits of view ``i`` and head ``h``. Only whole views give targets.
        predictions: ``predictions[j][h]``: logits of view ``j``; small crops may follow the whole views.
    """
    losses = [
        torch.stack([view_loss(t, p, tau_row, tau_col) for t, p in zip(target, prediction, strict=True)])
        for i, target in enumerate(targets)
        for j, prediction in enumerate(predictions)
        if i != j
    ]
    return torch.stack(losses).mean(0)
