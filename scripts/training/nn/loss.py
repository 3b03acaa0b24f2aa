"""The training losses: Self-Classifier (arXiv 2103.10994, section 3.2 and algorithm 1), and DCL, a contrastive loss.

The Self-Classifier loss is the cross-entropy between the class predictions of two views, with a uniform prior over the
classes built in. By Bayes, ``p(y|x1)`` is proportional to ``p(x1|y)``, a softmax over the *batch* (columns); dividing
the row softmax of the prediction by its column sums gives every class the same weight. Both degenerate solutions, one
class for all images and the uniform prediction, cost exactly ``log C``: a loss that stays there has collapsed.

The batch is that of all processes. Both softmaxes only need each class's log-sum over the batch, so that alone is
gathered: no tensor of size batch x classes grows with the number of processes.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from training.nn.distributed import gather, rank, world


def batch_logsumexp(logits: Tensor) -> Tensor:
    """Log-sum-exp of each class ``[1, C]`` over the rows ``[N, C]`` of all processes."""
    return torch.logsumexp(gather(torch.logsumexp(logits, dim=0, keepdim=True)), dim=0, keepdim=True)


def view_loss(target: Tensor, prediction: Tensor, tau_row: float, tau_col: float) -> Tensor:
    """Cross-entropy of the prediction of one view and the target of another.

    Args:
        target: cosine logits ``[N, C]`` of the view that gives the target.
        prediction: cosine logits ``[N, C]`` of the view that predicts, rows aligned with ``target``.
        tau_row: temperature of the softmax over classes (paper: 0.1).
        tau_col: temperature of the softmax over the batch (paper: 0.05).

    Returns:
        The mean over the rows of this process, a float32 scalar (float64 for float64 input).
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
    """Mean of :func:`view_loss` over all pairs of different views, for each head: ``[heads]``.

    Args:
        targets: ``targets[i][h]``: logits of view ``i`` and head ``h``. Only full-size views give targets.
        predictions: ``predictions[j][h]``: logits of view ``j``. Small crops may follow the full-size views.
    """
    losses = [
        torch.stack([view_loss(t, p, tau_row, tau_col) for t, p in zip(target, prediction, strict=True)])
        for i, target in enumerate(targets)
        for j, prediction in enumerate(predictions)
        if i != j
    ]
    return torch.stack(losses).mean(0)


def query_loss(query: Tensor, key: Tensor, temperature: float) -> Tensor:
    """As one direction of :func:`contrastive_loss`, for keys that learn nothing (MoCo, arXiv 1911.05722).

    Args:
        query, key: unit embeddings ``[N, D]``, rows aligned. The other keys of the batch alone are negatives.
    """
    cosines = query.float() @ key.float().T / temperature
    own = torch.eye(len(query), dtype=torch.bool, device=query.device)
    return (torch.logsumexp(cosines.masked_fill(own, -math.inf), dim=1) - cosines.diagonal()).mean()


def contrastive_loss(first: Tensor, second: Tensor, temperature: float) -> Tensor:
    """Decoupled contrastive loss (DCL, Yeh et al., arXiv 2110.06848) of two views, symmetrized.

    NT-Xent of SimCLR without the positive pair in the denominator. Easy positives then no longer shrink the gradient of
    the negatives, so small batches learn as fast as large ones.

    Args:
        first, second: unit embeddings ``[N, D]``, rows aligned. All other rows of both views, of all processes, are
            negatives.
        temperature: divides the cosines (paper: 0.1).

    Returns:
        The mean over the rows of this process and both views, a float32 scalar.
    """
    first, second = first.float(), second.float()
    everything = torch.cat([gather(first), gather(second)])
    count, own = len(first), torch.arange(len(first), device=first.device) + rank() * len(first)
    positive = (first * second).sum(1) / temperature
    losses = []
    for view in (first, second):
        cosines = view @ everything.T / temperature
        row = torch.arange(count, device=view.device)
        for place in (own, own + len(everything) // 2):  # both views of the image itself
            cosines = cosines.index_put((row, place), cosines.new_full((), -math.inf))
        losses.append(torch.logsumexp(cosines, dim=1) - positive)
    return torch.stack(losses).mean()
