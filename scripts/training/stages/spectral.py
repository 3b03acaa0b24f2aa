"""Classes of a frozen network: spectral clusters of its neighbor graphs, and a head that predicts them.

Each cluster of a graph is a set of images with many ties inside and few to others, whatever its shape (Ng, Jordan and
Weiss, NeurIPS 2001). One graph and one number of eigenvectors are a draw; what most of several agree on is nearly as
good as the best of them (cluster ensembles: Strehl and Ghosh, JMLR 2002; docs/experiments.md). A cosine head learns the
clusters, so that a new image needs no graph.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from scipy.sparse import csr_matrix, diags
from scipy.sparse.linalg import eigsh
from sklearn.cluster import KMeans
from torch import Tensor

from training.data.neighbors import nearest_neighbors

HEAD_STEPS, HEAD_BATCH, HEAD_RATE = 600, 4096, 0.02
# Eigenvectors for each class. With about as many as classes, some classes share one and cannot be told apart.
EIGENVECTORS = (1.6, 1.8, 2.0)


def spectral_clusters(embedding: Tensor, classes: int, neighbors: list[int], seed: int = 0) -> Tensor:
    """The cluster of every image, int64 ``[N]``: what the clusterings of several graphs agree on.

    Args:
        embedding: unit vectors ``[N, D]``.
        classes: number of clusters.
        neighbors: for each graph, the nearest others that each image is tied to.
        seed: of k-means, of whose starts the best is taken.
    """
    count = len(embedding)
    sizes = sorted({min(count - 2, math.ceil(factor * classes)) for factor in EIGENVECTORS})
    nearest = nearest_neighbors(embedding[None], min(max(neighbors), count - 1)).cpu().numpy()
    found = []
    for ties in sorted({min(number, count - 1) for number in neighbors}):
        vectors = eigenvectors(nearest[:, :ties], sizes[-1])
        found += [k_means(vectors[:, :size], classes, seed, starts=4) for size in sizes]
    # Two images are as close as the number of clusterings that put them together, each by the size of the cluster.
    places = np.concatenate([labels + i * classes for i, labels in enumerate(found)])
    sizes_of_clusters = np.bincount(places, minlength=classes * len(found))
    rows = np.tile(np.arange(count), len(found))
    together = csr_matrix((1 / np.sqrt(sizes_of_clusters[places]), (rows, places)), shape=(count, len(sizes_of_clusters)))
    values, mixing = np.linalg.eigh((together.T @ together).toarray())
    agreed = together @ mixing[:, -classes:] / np.sqrt(values[-classes:].clip(1e-12))
    return torch.from_numpy(k_means(agreed, classes, seed, starts=10)).long()


def eigenvectors(nearest: np.ndarray, number: int) -> np.ndarray:
    """The first eigenvectors ``[N, number]`` of the normalized graph that ties each image to its ``nearest``, ``[N, k]``."""
    count, ties = nearest.shape
    rows = np.repeat(np.arange(count), ties)
    graph = csr_matrix((np.ones(rows.size), (rows, nearest.ravel())), shape=(count, count))
    graph = graph + graph.T
    scale = diags(1 / np.sqrt(np.asarray(graph.sum(1)).ravel()))
    # The start makes the result the same every time; a constant is close to the first eigenvector.
    values, vectors = eigsh(scale @ graph @ scale, k=number, which="LA", tol=1e-4, v0=np.ones(count))
    return vectors[:, np.argsort(-values)]


def k_means(vectors: np.ndarray, classes: int, seed: int, starts: int) -> np.ndarray:
    """The cluster of each row ``[N]``, by its direction."""
    directions = vectors / np.linalg.norm(vectors, axis=1, keepdims=True).clip(1e-12)
    return KMeans(classes, n_init=starts, random_state=seed).fit(directions).labels_


def fit_head(embedding: Tensor, probabilities: Tensor, tau: float, seed: int = 0) -> tuple[Tensor, float]:
    """Class weights ``[C, D]`` whose cosine softmax gives the probabilities of the images, and the cross-entropy.

    Args:
        embedding: unit vectors ``[N, D]``.
        probabilities: ``[N, C]``, on the same device.
        tau: temperature of the softmax over classes.
    """
    rng = torch.Generator(embedding.device).manual_seed(seed)
    # The mean of a cluster is a good start, and has no luck in it.
    weights = F.normalize(probabilities.T @ embedding, dim=1).requires_grad_()
    optimizer = torch.optim.Adam([weights], HEAD_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, HEAD_STEPS)
    for _ in range(HEAD_STEPS):
        places = torch.randint(len(embedding), (HEAD_BATCH,), generator=rng, device=embedding.device)
        loss = F.cross_entropy(embedding[places] @ F.normalize(weights, dim=1).T / tau, probabilities[places])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    weights = F.normalize(weights.detach(), dim=1)
    return weights, F.cross_entropy(embedding @ weights.T / tau, probabilities).item()
