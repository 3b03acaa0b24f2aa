"""Figures of merit: clusterings against labels, and representations by nearest neighbors and a linear probe."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score, normalized_mutual_info_score
from torch import Tensor

NEIGHBORS = (20, 200)  # the usual k of kNN in the self-supervised literature
KNN_TEMPERATURE = 0.07  # Wu et al., arXiv 1805.01978


def contingency(clusters: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How many images each cluster and label share: int64 ``[clusters, labels]``."""
    table = np.zeros((int(clusters.max()) + 1, int(labels.max()) + 1), dtype=np.int64)
    np.add.at(table, (clusters, labels), 1)
    return table


def class_counts(rows: Tensor, columns: Tensor, classes: int) -> np.ndarray:
    """:func:`contingency` of two sets of as many classes: int64 ``[classes, classes]``."""
    table = contingency(rows.numpy(), columns.numpy())
    return np.pad(table, [(0, classes - count) for count in table.shape])


def hungarian_accuracy(clusters: np.ndarray, labels: np.ndarray) -> float:
    """Accuracy under the best one-to-one map of clusters to labels (Kuhn 1955), 0 to 1."""
    table = contingency(clusters, labels)
    return float(table[linear_sum_assignment(table, maximize=True)].sum() / len(labels))


def hungarian_map(clusters: Tensor, labels: Tensor, classes: int) -> Tensor:
    """The one-to-one map from clusters to labels that agrees with most images (Kuhn 1955).

    Args:
        clusters, labels: int64 ``[N]``, both in ``0 .. classes - 1``.

    Returns:
        ``[classes]``: the label of each cluster.
    """
    table = class_counts(clusters, labels, classes)
    return torch.from_numpy(linear_sum_assignment(table, maximize=True)[1])


def training_accuracy(clusters: Tensor, labels: Tensor | None, order: Tensor, classes: int) -> dict[str, float]:
    """``train_acc`` for the history of a run; empty if there are no labels, or more than ``classes``.

    Args:
        clusters: ``[M]``, of the first M images of ``order``.
        labels: ``[N]`` by image.
        order: indices of images.
    """
    if labels is None or int(labels.max()) >= classes:
        return {}
    seen = labels[order[: len(clusters)].cpu()]
    return {"train_acc": hungarian_accuracy(clusters.cpu().numpy(), seen.numpy())}


def accuracy(predictions: Tensor, labels: Tensor) -> float:
    """Fraction of the predictions that equal the labels."""
    return (predictions == labels).double().mean().item()


def clustering_scores(clusters: Tensor, labels: Tensor) -> dict[str, float]:
    """NMI, AMI (arithmetic mean) and ARI. 1 is perfect; chance is 0 for AMI and ARI. They need no map."""
    pair = labels.numpy(), clusters.numpy()
    return {
        "nmi": float(normalized_mutual_info_score(*pair)),
        "ami": float(adjusted_mutual_info_score(*pair)),
        "ari": float(adjusted_rand_score(*pair)),
    }


def purity(clusters: Tensor, labels: Tensor) -> float:
    """Fraction of the images that carry the most frequent label of their cluster. Rises with the number of clusters."""
    return int(contingency(clusters.numpy(), labels.numpy()).max(1).sum()) / len(labels)


def kmeans_scores(train: Tensor, train_labels: Tensor, test: Tensor, labels: Tensor, classes: int) -> dict[str, float]:
    """``accuracy`` and :func:`clustering_scores` of k-means on unit features, fitted and mapped to labels on ``train``."""
    means = KMeans(classes, n_init=1, random_state=0).fit(F.normalize(train, dim=1).numpy())
    names = hungarian_map(torch.from_numpy(means.labels_).long(), train_labels, classes)
    clusters = torch.from_numpy(means.predict(F.normalize(test, dim=1).numpy())).long()
    return {"accuracy": accuracy(names[clusters], labels), **clustering_scores(clusters, labels)}


def vote(similarity: Tensor, labels: Tensor, classes: int) -> Tensor:
    """The label ``[N]`` that nearest neighbors vote for, each with weight ``exp(cosine / 0.07)``.

    Args:
        similarity: cosines ``[N, k]`` to the neighbors.
        labels: their labels ``[N, k]``.
    """
    weights = (similarity / KNN_TEMPERATURE).exp()
    return torch.zeros(len(labels), classes).scatter_add_(1, labels, weights).argmax(1)


def knn_accuracy(bank: Tensor, bank_labels: Tensor, queries: Tensor, labels: Tensor, k: int) -> float:
    """Top-1 accuracy of a vote of the k nearest by cosine (see :func:`vote`).

    Args:
        bank, queries: ``[M, D]`` and ``[N, D]``, of any length.
        k: number of neighbors, at most M.
    """
    if k > len(bank):
        raise ValueError(f"k: {k} neighbors of a bank of {len(bank)}")
    bank, classes = F.normalize(bank, dim=1), int(bank_labels.max()) + 1
    predictions = []
    for part in F.normalize(queries, dim=1).split(1000):
        similarity, nearest = (part @ bank.T).topk(k, dim=1)
        predictions.append(vote(similarity, bank_labels[nearest], classes))
    return accuracy(torch.cat(predictions), labels)


def linear_probe(train: Tensor, train_labels: Tensor, test: Tensor, labels: Tensor) -> float:
    """Top-1 accuracy of multinomial logistic regression on frozen, standardized features.

    Full-batch L-BFGS, 100 iterations, L2 of 1e-4 on the weights: deterministic, without a schedule to tune.
    """
    mean, std = train.mean(0), train.std(0).clamp_min(1e-6)
    train, test = (train - mean) / std, (test - mean) / std
    weight = torch.zeros(int(train_labels.max()) + 1, train.shape[1], requires_grad=True)
    bias = torch.zeros(len(weight), requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = F.cross_entropy(F.linear(train, weight, bias), train_labels) + 1e-4 * weight.square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    return accuracy(F.linear(test, weight, bias).argmax(1), labels)


def representation_scores(train: Tensor, train_labels: Tensor, test: Tensor, labels: Tensor) -> dict[str, float]:
    """``knn20``, ``knn200`` and ``linear``. Leaves out each k that exceeds the number of training images."""
    scores = {f"knn{k}": knn_accuracy(train, train_labels, test, labels, k) for k in NEIGHBORS if k <= len(train)}
    return scores | {"linear": linear_probe(train, train_labels, test, labels)}
