"""Self-labeling: the whole network learns the labels that it gave the images, where their neighbors agree.

As SCAN (arXiv 2005.12320) does, but labels are those of the neighborhood (label propagation: Zhou et al., NeurIPS 2003)
instead of an image's own, with about equal shares of all classes (Sinkhorn-Knopp; SwAV, arXiv 2006.09882); and an image counts
by how many of its neighbors have its label instead of by its score, since scores of what is trained for long are high.
Once there are labels, what differs between images with the same one counts less when neighbors are looked up.

The losses of pretraining go on beside it: strong views, of neighbors, too, learn what a running average of the network says of
weak ones (Mean Teacher, arXiv 1703.01780). In the end the weights are the mean of those before and after, which keeps the
neighbors of before and the classes of after (WiSE-FT, arXiv 2109.01903).
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.data.images import Folder, Memory
from training.data.neighbors import draw_partners, nearest_neighbors
from training.nn.augment import augment, random_crop_flip
from training.nn.loss import query_loss, view_loss
from training.nn.network import SelfClassifier, encode
from training.nn.optimize import make_optimizer, update_average
from training.nn.precision import half
from training.recipe import Config
from training.report.metrics import training_accuracy
from training.stages.embedding import IMAGES, MOST, NEIGHBORS, neighbor_space
from training.stages.loop import Loop, Stage

ENOUGH = 0.3  # fraction of the images whose labels must be reliable


class Labels(nn.Module):
    """The label of each image, and whether its neighbors agree. A module, for its buffers to be saved with the stage."""

    features: Tensor
    embedding: Tensor
    label: Tensor
    reliable: Tensor

    def __init__(self, features: Tensor, embedding: Tensor) -> None:
        super().__init__()
        self.register_buffer("features", features)
        self.register_buffer("embedding", embedding)
        self.register_buffer("label", embedding.new_zeros(len(embedding), dtype=torch.long))
        self.register_buffer("reliable", embedding.new_zeros(len(embedding), dtype=torch.bool))

    @property
    def known(self) -> Tensor | None:
        """The reliable labels, -1 for the other images. None if they are too few to tell directions by."""
        enough = max(ENOUGH * len(self.label), IMAGES * MOST)
        return self.label.where(self.reliable, -1) if self.reliable.sum() >= enough else None

    def load_state_dict(self, state: dict[str, Tensor], strict: bool = True, assign: bool = False) -> Any:
        """As of any module. States of older versions have no features; those of before then serve for an epoch."""
        return super().load_state_dict({"features": self.features} | state, strict, assign)

    @torch.no_grad()
    def renew(self, network: SelfClassifier, config: Config) -> Tensor:
        """Labels the images anew, by what the network saw in the last epoch. Returns their nearest neighbors."""
        vectors = neighbor_space(self.features, labels=self.known)
        nearest = nearest_neighbors(vectors[None], min(NEIGHBORS, len(self.features) - 1))
        own = (network.logits(self.embedding)[0] / config.tau_row).softmax(1)
        self.label, agreement = neighborhood_labels(nearest, own)
        self.reliable = agreement >= config.label_agreement
        return nearest


def neighborhood_labels(nearest: Tensor, probabilities: Tensor) -> tuple[Tensor, Tensor]:
    """The class of each image by its neighborhood, with about as many images in each class.

    Args:
        nearest: the nearest others of each image, ``[N, k]``.
        probabilities: what the network says of each image by itself, ``[N, C]``.

    Returns:
        The class ``[N]``, and the fraction of the nearest neighbors that have the same ``[N]``.
    """
    for _ in range(3):
        # A column at a time: all at once take as much memory as k sets of probabilities.
        around = sum(probabilities[column] for column in nearest.T) / nearest.shape[1]
        probabilities = 0.1 * probabilities + 0.9 * around
    for _ in range(5):
        probabilities = probabilities / probabilities.sum(0, keepdim=True).clamp_min(1e-12)
        probabilities = probabilities / probabilities.sum(1, keepdim=True).clamp_min(1e-12)
    label = probabilities.argmax(1)
    return label, (label[nearest] == label[:, None]).float().mean(1)


def label_loss(logits: Tensor, label: Tensor, reliable: Tensor, weight: Tensor) -> Tensor:
    """Cross-entropy with the reliable labels; 0 if there are none.

    Args:
        logits: ``[N, C]``, divided by the temperature.
        weight: of each class, ``[C]``.
    """
    return F.cross_entropy(logits[reliable], label[reliable], weight) if reliable.any() else logits.sum() * 0


def class_weights(label: Tensor, classes: int) -> Tensor:
    """What each class counts for all to count alike, ``[C]``. The limit keeps a class of a few images from dominating."""
    return (len(label) / (classes * torch.bincount(label, minlength=classes).clamp_min(1))).clamp(max=5)


def self_label(
    network: SelfClassifier,
    folder: Folder,
    config: Config,
    device: torch.device,
    path: Path | None,
    settings: dict[str, Any],
) -> tuple[SelfClassifier, Loop]:
    """Self-labels for ``config.label_epochs``, unless too few labels are reliable at first.

    Args:
        network: with the chosen classes as its first head.
        path: file for the state of the stage, from which it is resumed.
        settings: see :class:`Stage`.

    Returns:
        The mean of the network and of the running average that has learned the labels, and the loop.
    """
    before = copy.deepcopy(network)
    student = copy.deepcopy(network).to(device, memory_format=torch.channels_last)
    average = copy.deepcopy(student).eval().requires_grad_(False)
    forward = torch.compile(student) if config.compile else student
    optimizer = make_optimizer(config.optimizer, student, config.lr, config.rest_lr, config.weight_decay)
    rng = torch.Generator(device).manual_seed(config.seed)
    epochs, source = config.label_epochs, Memory(folder, device)
    loop = Loop("self-label", optimizer, source, config.batch, epochs, warmup=0.03, seed=config.seed)
    with half(device, config.bf16), torch.no_grad():
        labels = Labels(*(part.to(device) for part in encode(average, folder.pixels)))
    labels.renew(average, config)
    share = labels.reliable.float().mean().item()
    # With the network of before: chosen once more, its classes may be in another order.
    modules = {"before": before, "student": student, "average": average, "labels": labels}
    stage = Stage(loop, path, modules, rng, settings)
    if loop.step == 0 and share < ENOUGH:
        print(f"no self-labeling: the neighbors of {share:.0%} of the images agree on their class, not of {ENOUGH:.0%}")
        return network, loop

    def pair(rng: torch.Generator) -> Tensor:
        nearest = labels.renew(average, config)
        return draw_partners(nearest[:, : config.neighbor_pool].cpu(), config.neighbor_rate, rng)

    def step(places: Tensor, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        student.train()
        places = places.to(device)
        images, partners = images.chunk(2)
        weak = random_crop_flip(images.float(), config.size, (0.7, 1.0), rng)
        strong = augment(partners, config.view_size, tuple(config.crop_scale), rng, config.solarize / 2, config.blur)
        with half(device, config.bf16):
            with torch.no_grad():
                features, key = average(weak.contiguous(memory_format=torch.channels_last))
            query = forward(strong.contiguous(memory_format=torch.channels_last))[1].float()
        labels.features[places], labels.embedding[places] = features.float(), key
        label, reliable = labels.label[places], labels.reliable[places]
        logits = student.logits(query)
        pairs = zip(average.logits(key), logits, strict=True)
        by_head = torch.stack([view_loss(target, own, config.tau_row, config.tau_col) for target, own in pairs])
        weight = class_weights(labels.label[labels.reliable], config.classes)
        loss = by_head.mean() + config.label_weight * label_loss(logits[0] / config.tau_row, label, reliable, weight)
        if config.contrast:
            loss = loss + config.contrast * query_loss(query, key, config.contrast_temperature)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        update_average(average, student, min(config.average, (1 + loop.step) / (10 + loop.step)))
        return by_head.detach(), reliable.float().mean(), label

    def record(results: list[tuple[Tensor, Tensor, Tensor]], order: Tensor) -> dict[str, Any]:
        by_head, reliable, label = zip(*results, strict=True)
        losses = torch.stack(by_head).mean(0)
        return {
            "loss": losses.mean().item(),
            "loss_heads": losses.tolist(),
            "reliable": torch.stack(reliable).mean().item(),
            **training_accuracy(torch.cat(label).cpu(), folder.labels, order, config.classes),
        }

    stage.run(step, record, pair)
    update_average(average, before, 0.5)
    return average, loop
