"""The losses: the Self-Classifier's (arXiv 2103.10994, section 3.2 and algorithm 1), and a contrastive one beside it.

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

from distributed import gather, rank, world


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


def contrastive_loss(first: Tensor, second: Tensor, temperature: float) -> Tensor:
    """Decoupled contrastive loss (DCL, Yeh et al., arXiv 2110.06848) of two views, symmetrized.

    As SimCLR's NT-Xent, but the positive pair is left out of the denominator, so that an easy pair does not take the
    force from the negatives: small batches learn as fast as large ones.

    Args:
        first, second: unit embeddings ``[N, D]``, rows aligned; the other rows of both views, and those of all other
            processes, are the negatives.
        temperature: of the cosines (the paper's 0.1).

    Returns:
        The mean over this process's rows and both views, a scalar of float32.
    """
    first, second = first.float(), second.float()
    everything = torch.cat([gather(first), gather(second)])
    count, own = len(first), torch.arange(len(first), device=first.device) + rank() * len(first)
    positive = (first * second).sum(1) / temperature
    losses = []
    for view in (first, second):
        cosines = view @ everything.T / temperature
        row = torch.arange(count, device=view.device)
        for place in (own, own + len(everything) // 2):  # the image itself, in both views
            cosines = cosines.index_put((row, place), cosines.new_full((), -math.inf))
        losses.append(torch.logsumexp(cosines, dim=1) - positive)
    return torch.stack(losses).mean()
