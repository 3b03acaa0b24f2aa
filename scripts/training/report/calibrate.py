"""Calibration of the scores, and the detection of images of none of the classes.

Labels are used after training only, as for the names of the classes.
"""

from __future__ import annotations

import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor

BINS = 15  # of Guo et al., "On calibration of modern neural networks", arXiv 1706.04599
KEPT = 0.95  # fraction of the training images that the suggested threshold keeps


def fit_temperature(probabilities: Tensor, labels: Tensor) -> float:
    """The temperature that maximizes the likelihood of the labels (Guo et al., section 4.2).

    Args:
        probabilities: softmax ``[N, C]`` at temperature 1.
        labels: ``[N]`` int64.

    Returns:
        The divisor of the logits, 0.1 to 10; above 1 if the network was overconfident.
    """
    logits = probabilities.double().clamp_min(1e-12).log()
    # The likelihood has one maximum in log T, which golden-section search finds without a step size.
    low, high = -1.0, 1.0
    ratio = (5**0.5 - 1) / 2

    def loss(power: float) -> float:
        return torch.nn.functional.cross_entropy(logits / 10**power, labels).item()

    for _ in range(40):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if loss(left) < loss(right):
            high = right
        else:
            low = left
    return round(10 ** ((low + high) / 2), 4)


def reliability(probabilities: Tensor, labels: Tensor) -> tuple[float, list[list[float]]]:
    """Expected calibration error, and ``[mean score, accuracy, images]`` of each non-empty bin of equal width.

    Args:
        probabilities: ``[N, C]``.
        labels: ``[N]`` int64.
    """
    score, predicted = probabilities.double().max(1)
    right = (predicted == labels).double()
    place = (score * BINS).long().clamp(max=BINS - 1)
    bins = [
        [score[place == i].mean().item(), right[place == i].mean().item(), int((place == i).sum())]
        for i in range(BINS)
        if (place == i).any()
    ]
    error = sum(abs(mean - accuracy) * count for mean, accuracy, count in bins) / len(labels)
    return error, [[round(mean, 4), round(accuracy, 4), count] for mean, accuracy, count in bins]


def nearest_similarity(bank: Tensor, queries: Tensor, leave_out: bool = False) -> Tensor:
    """Cosine of each unit vector ``[N, D]`` to the nearest of ``bank [M, D]``.

    Args:
        leave_out: the queries are the bank itself; each is compared with the others only.
    """
    nearest = []
    for start, part in zip(range(0, len(queries), 1000), queries.split(1000), strict=True):
        similarity = part @ bank.T
        if leave_out:
            rows = torch.arange(len(part))
            similarity[rows, start + rows] = -1.0
        nearest.append(similarity.max(1).values)
    return torch.cat(nearest)


def auroc(known: Tensor, unknown: Tensor) -> float:
    """Probability that an image of the classes gets a higher value than one of none of them (Hendrycks and Gimpel,
    arXiv 1610.02136). 0.5 is chance."""
    values = torch.cat([known, unknown]).numpy()
    return float(roc_auc_score([1] * len(known) + [0] * len(unknown), values))


def unknown_scores(
    train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor], unknown: tuple[Tensor, Tensor]
) -> dict[str, float | str]:
    """Thresholds below which an image counts as unknown, and how well they work.

    Two values are compared: the best score, and the cosine to the nearest training embedding. The one that separates
    better, by AUROC, is recommended. Each threshold keeps 95 % of ``train``.

    Args:
        train, test, unknown: probabilities ``[N, C]`` and embeddings ``[N, D]``.

    Returns:
        ``by``: the recommended value, ``score`` or ``nearest``; ``score`` and ``similarity``: the thresholds; ``keeps``
        of ``test`` and ``refuses`` of ``unknown``: fractions by the recommended threshold; ``aurocScore``,
        ``aurocNearest``.
    """
    values = {
        "score": [probabilities.max(1).values for probabilities, _ in (train, test, unknown)],
        "nearest": [nearest_similarity(train[1], side[1], leave_out=side is train) for side in (train, test, unknown)],
    }
    thresholds = {by: known.sort().values[int((1 - KEPT) * len(known))].item() for by, (known, *_) in values.items()}
    aurocs = {by: auroc(known, strange) for by, (_, known, strange) in values.items()}
    by = max(aurocs, key=aurocs.__getitem__)
    figures = {
        "score": thresholds["score"],
        "similarity": thresholds["nearest"],
        "keeps": (values[by][1] >= thresholds[by]).double().mean().item(),
        "refuses": (values[by][2] < thresholds[by]).double().mean().item(),
        "aurocScore": aurocs["score"],
        "aurocNearest": aurocs["nearest"],
    }
    return {"by": by, **{key: round(value, 4) for key, value in figures.items()}}
