"""Classes of a frozen embedding: spectral clusters of its neighbor graph, and a head that predicts them.

Each cluster of the graph is a set of images with many ties inside and few to others, whatever its shape (Ng, Jordan and
Weiss, NeurIPS 2001). A cosine head learns the clusters, so that a new image needs no graph.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from scipy.sparse import csr_matrix, diags
from scipy.sparse.linalg import eigsh
from sklearn.cluster import KMeans
from torch import Tensor

from training.data.neighbors import nearest_neighbors

HEAD_STEPS, HEAD_BATCH, HEAD_RATE = 600, 4096, 0.02


def spectral_clusters(embedding: Tensor, classes: int, neighbors: int, seed: int = 0) -> Tensor:
    """The cluster of every image, int64 ``[N]``.

    Args:
        embedding: unit vectors ``[N, D]``.
        classes: number of clusters, and of eigenvectors.
        neighbors: nearest others that each image is tied to.
        seed: of k-means in the space of the eigenvectors, whose best of ten starts is taken.
    """
    count, neighbors = len(embedding), min(neighbors, len(embedding) - 1)
    nearest = nearest_neighbors(embedding[None], neighbors).cpu().numpy()
    rows = np.repeat(np.arange(count), neighbors)
    ties = csr_matrix((np.ones(rows.size), (rows, nearest.ravel())), shape=(count, count))
    ties = ties + ties.T
    scale = diags(1 / np.sqrt(np.asarray(ties.sum(1)).ravel()))
    # The start makes the result the same every time; a constant is close to the first eigenvector.
    vectors = eigsh(scale @ ties @ scale, k=classes, which="LA", tol=1e-4, v0=np.ones(count))[1]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True).clip(1e-12)
    return torch.from_numpy(KMeans(classes, n_init=10, random_state=seed).fit(vectors).labels_).long()


def fit_head(embedding: Tensor, clusters: Tensor, classes: int, tau: float, seed: int = 0) -> tuple[Tensor, float]:
    """Class weights ``[classes, D]`` whose cosine softmax gives the clusters of the embeddings, and the cross-entropy.

    Args:
        embedding: unit vectors ``[N, D]``.
        clusters: ``[N]`` int64, on the same device.
        tau: temperature of the softmax over classes.
    """
    rng = torch.Generator(embedding.device).manual_seed(seed)
    # The mean of a cluster is a good start, and has no luck in it.
    means = torch.stack([embedding[clusters == i].mean(0) for i in range(classes)])
    weights = F.normalize(means, dim=1).clone().requires_grad_()
    optimizer = torch.optim.Adam([weights], HEAD_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, HEAD_STEPS)
    for _ in range(HEAD_STEPS):
        places = torch.randint(len(embedding), (HEAD_BATCH,), generator=rng, device=embedding.device)
        loss = F.cross_entropy(embedding[places] @ F.normalize(weights, dim=1).T / tau, clusters[places])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    weights = F.normalize(weights.detach(), dim=1)
    return weights, F.cross_entropy(embedding @ weights.T / tau, clusters).item()
