"""Scores that mean what they say, and what to make of images of none of the classes.

Labels are used here after training, as they are for naming the classes, and never to train.
"""

from __future__ import annotations

import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor

BINS = 15  # of Guo et al., "On calibration of modern neural networks", arXiv 1706.04599
KEPT = 0.95  # part of the images of the classes that the suggested threshold keeps


def fit_temperature(probabilities: Tensor, labels: Tensor) -> float:
    """The temperature by which logits are divided so that the labels become likeliest (Guo et al., section 4.2).

    Args:
        probabilities: softmax ``[N, C]`` at temperature 1.
        labels: ``[N]`` int64.

    Returns:
        The temperature, 0.1 to 10; above 1 where the network was too sure.
    """
    logits = probabilities.double().clamp_min(1e-12).log()
    # The likelihood has one peak in log T: golden-section search finds it, with no step to tune.
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
    """Expected calibration error, and ``[mean score, accuracy, images]`` of each bin of equal width that has images.

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


def nearest_similarity(bank: Tensor, queries: Tensor) -> Tensor:
    """Cosine of each unit vector ``[N, D]`` to the nearest of ``bank [M, D]``."""
    return torch.cat([(part @ bank.T).max(1).values for part in queries.split(1000)])


def auroc(known: Tensor, unknown: Tensor) -> float:
    """Probability that an image of the classes has a higher value than one of none (Hendrycks and Gimpel,
    arXiv 1610.02136): 0.5 is chance."""
    values = torch.cat([known, unknown]).numpy()
    return float(roc_auc_score([1] * len(known) + [0] * len(unknown), values))


def unknown_scores(
    train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor], unknown: tuple[Tensor, Tensor]
) -> dict[str, float]:
    """The suggested threshold on the best score, and how well it and the embedding tell images of none of the classes.

    Args:
        train, test, unknown: probabilities ``[N, C]`` and embeddings ``[N, D]``. The threshold keeps 95 % of ``train``;
            what it keeps of ``test`` and refuses of ``unknown`` is measured.
    """
    scores = [probabilities.max(1).values for probabilities, _ in (train, test, unknown)]
    near = [nearest_similarity(train[1], embeddings) for _, embeddings in (test, unknown)]
    threshold = scores[0].sort().values[int((1 - KEPT) * len(scores[0]))].item()
    figures = {
        "score": threshold,
        "keeps": (scores[1] >= threshold).double().mean().item(),
        "refuses": (scores[2] < threshold).double().mean().item(),
        "aurocScore": auroc(scores[1], scores[2]),
        "aurocNearest": auroc(*near),
    }
    return {key: round(value, 4) for key, value in figures.items()}
