"""Agreement of clusters with labels."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment
from torch import Tensor


def contingency(clusters: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How often each cluster meets each label: int64 ``[clusters, labels]``."""
    table = np.zeros((int(clusters.max()) + 1, int(labels.max()) + 1), dtype=np.int64)
    np.add.at(table, (clusters, labels), 1)
    return table


def hungarian_accuracy(clusters: np.ndarray, labels: np.ndarray) -> float:
    """Accuracy under the best one-to-one map of clusters to labels (Kuhn 1955), 0..1."""
    table = contingency(clusters, labels)
    return float(table[linear_sum_assignment(table, maximize=True)].sum() / len(labels))


def training_accuracy(clusters: Tensor, labels: Tensor | None, order: Tensor, classes: int) -> dict[str, float]:
    """``train_acc`` of a record of training; nothing where the images have no labels, or more than ``classes``.

    Args:
        clusters: ``[M]`` of the first M images of ``order``.
        labels: ``[N]`` by image.
        order: indices of images.
    """
    if labels is None or int(labels.max()) >= classes:
        return {}
    seen = labels[order[: len(clusters)].cpu()]
    return {"train_acc": hungarian_accuracy(clusters.cpu().numpy(), seen.numpy())}
