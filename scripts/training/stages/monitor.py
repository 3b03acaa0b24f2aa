"""Labeled measurements while a run trains: recorded for its curve, and never used to choose anything."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from training.data.images import Folder, load_labeled
from training.nn.network import SelfClassifier, encode
from training.nn.precision import half
from training.recipe import Config
from training.report.metrics import hungarian_map, knn_accuracy

BANK = 10_000  # training images that serve as reference


class Monitor:
    """kNN and ACC on test images, with some of the training images as reference.

    Args:
        folder: the training images, with class folders.
        test: folder of test images with the same class folders.
        config: the recipe.

    Raises:
        ValueError: if the training images have no class folders.
    """

    def __init__(self, folder: Folder, test: Path, config: Config) -> None:
        if folder.labels is None:
            raise ValueError("--monitor: expected training images in class folders")
        chosen = torch.randperm(len(folder.pixels), generator=torch.Generator().manual_seed(0))[:BANK]
        self.bank, self.bank_labels = folder.pixels[chosen], folder.labels[chosen]
        held_out = load_labeled(test, config.size, "--monitor")
        self.test, self.labels = held_out.pixels, held_out.labels
        self.config = config

    def accuracy(self, network: SelfClassifier, head: int, bank: Tensor, test: Tensor) -> float:
        """ACC of a head, under the map that fits the reference images best."""
        names = hungarian_map(network.logits(bank)[head].argmax(1).cpu(), self.bank_labels, self.config.classes)
        return (names[network.logits(test)[head].argmax(1).cpu()] == self.labels).float().mean().item()

    @torch.no_grad()
    def measure(self, network: SelfClassifier) -> dict[str, float]:
        """``knn20_features`` and ``knn20`` (embedding), ``purity20`` of the 20 nearest reference images by the embedding,
        and ``acc0``, ``acc1``, ... of the heads of the wanted size, 0 to 1."""
        device = next(network.parameters()).device
        with half(device, self.config.bf16):
            bank, test = (encode(network, pixels) for pixels in (self.bank, self.test))
        same = self.bank_labels[(test[1] @ bank[1].T).topk(20).indices] == self.labels[:, None]
        heads = {
            f"acc{head}": self.accuracy(network, head, bank[1].to(device), test[1].to(device))
            for head in range(self.config.main_heads)
        }
        return {
            "knn20_features": knn_accuracy(bank[0], self.bank_labels, test[0], self.labels, 20),
            "knn20": knn_accuracy(bank[1], self.bank_labels, test[1], self.labels, 20),
            "purity20": same.float().mean().item(),
            **heads,
        }
