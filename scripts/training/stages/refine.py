"""Refinement: classes that match the features of a trained network, without labels, and self-labeling.

1. Choice of the classes. Contrastive features can scatter a class into islands, between which heads and k-means cut,
   while a graph of neighbors still leads from island to island: spectral clusters of it (``spectral.py``) compete with
   the heads of pretraining. The classes that two random views of an image agree on most, by mutual information (IIC,
   arXiv 1807.06653), become the only head of the wanted size. The rest of the network stays as it is.
2. Self-labeling. The whole network learns, from strong views, what a running average of itself predicts for weak ones:
   the Self-Classifier target on each head, and hard labels of confident images on the head of the wanted size, with
   equal weight for all classes (SCAN, arXiv 2005.12320; FixMatch, arXiv 2001.07685; Mean Teacher, arXiv 1703.01780).

Reads ``RUN/checkpoint.pt`` and writes ``RUN/refined.pt``, of the same format.
"""

from __future__ import annotations

import copy
import dataclasses
import math
import time
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.data.images import Folder, Memory
from training.nn.augment import augment, random_crop_flip
from training.nn.loss import view_loss
from training.nn.network import SelfClassifier, encode
from training.nn.optimize import make_optimizer, update_average
from training.nn.precision import half
from training.recipe import Config, config_of
from training.report.metrics import training_accuracy
from training.stages.chain import LaterStage
from training.stages.checkpoint import Checkpoint, network_of
from training.stages.count import Count, count_classes, table
from training.stages.loop import Loop, Stage
from training.stages.spectral import fit_head, spectral_clusters


JUDGED = 10_000  # images whose views judge the classes, at most


def mutual_information(first: Tensor, second: Tensor, classes: int) -> float:
    """Mutual information of two clusterings of the same images, in nats, up to ``log(classes)``.

    Args:
        first, second: class of each image, ``[N]`` int64.
    """
    joint = torch.bincount(first * classes + second, minlength=classes**2).view(classes, classes).double() / len(first)
    independent = joint.sum(0) * joint.sum(1, keepdim=True)
    return torch.special.xlogy(joint, joint / independent.clamp_min(1e-12)).sum().item()


def candidates(network: SelfClassifier, pixels: Tensor, config: Config) -> dict[str, Tensor]:
    """Class weights ``[classes, D]`` by name: the heads of pretraining, and those of spectral clusters."""
    found = {f"head {i}": head.detach() for i, head in enumerate(network.heads) if len(head) == config.classes}
    with half(pixels.device, config.bf16):
        embedding, mirrored = (encode(network, images)[1] for images in (pixels, pixels.flip(3)))
    # An image and its mirror image show the same thing; their mean has less noise.
    smooth = F.normalize(embedding + mirrored, dim=1)
    # A cluster has several images; with fewer, only the heads of pretraining are left.
    for neighbors in config.graph_neighbors if len(pixels) > 2 * config.classes else []:
        clusters = spectral_clusters(smooth, config.classes, neighbors, config.seed)
        weights, loss = fit_head(embedding, clusters, config.classes, config.tau_row, config.seed)
        found[f"spectral {neighbors}"] = weights.to(pixels.device)
        print(f"spectral clusters of {neighbors} neighbors  loss of their head {loss:.4f}", flush=True)
    return found


@torch.no_grad()
def judge(network: SelfClassifier, heads: dict[str, Tensor], pixels: Tensor, config: Config) -> dict[str, float]:
    """Mutual information of the classes of two random views, for each of ``heads``."""
    rng = torch.Generator(pixels.device).manual_seed(config.seed)
    size = config.early_size if config.early_part >= 1 and config.early_size else config.size
    chosen = torch.randperm(len(pixels), generator=rng, device=pixels.device)[:JUDGED]
    views = [[], []]
    for images in pixels[chosen].split(500):
        for view in views:
            sample = augment(images, size, tuple(config.crop_scale), rng, config.solarize)
            with half(pixels.device, config.bf16):
                view.append(network(sample.contiguous(memory_format=torch.channels_last))[1])
    first, second = (torch.cat(view) for view in views)
    return {
        name: mutual_information(*((view @ F.normalize(head, dim=1).T).argmax(1) for view in (first, second)), config.classes)
        for name, head in heads.items()
    }


def is_kept(head: Tensor, network: SelfClassifier, config: Config) -> bool:
    """Whether a head of pretraining stays beside the chosen classes: an over-clustering one, of another size than the
    classes now, and than those of pretraining, which come first."""
    return len(head) not in (config.classes, len(network.heads[0]))


def choose_classes(network: SelfClassifier, pixels: Tensor, config: Config) -> dict[str, float]:
    """Keeps the best of :func:`candidates` as the first head, before the over-clustering ones.

    Returns:
        What :func:`judge` says of each.
    """
    network.eval()
    heads = candidates(network, pixels, config)
    scores = judge(network, heads, pixels, config)
    best = max(scores, key=scores.__getitem__)
    print("mutual information ", *(f"{name}: {score:.3f} " for name, score in scores.items()), f"kept {best}", flush=True)
    others = [head for head in network.heads if is_kept(head, network, config)]
    network.heads = nn.ParameterList([nn.Parameter(heads[best].clone()), *others])
    return scores


def label_loss(teacher: list[Tensor], student: list[Tensor], config: Config) -> tuple[Tensor, Tensor]:
    """The loss of each head of the student, given the logits ``[N, C]`` of the teacher for the same images.

    All heads: the Self-Classifier loss. Heads of ``config.classes``: also the cross-entropy with the class of the
    teacher, over the images of which it is confident, with equal weight for all classes.

    Returns:
        The losses ``[heads]``, and the fraction of the images that were confident.
    """
    losses, confident = [], []
    for target, prediction in zip(teacher, student, strict=True):
        loss = view_loss(target, prediction, config.tau_row, config.tau_col)
        if target.shape[1] == config.classes:
            score, label = (target / config.tau_row).softmax(1).max(1)
            sure = score > config.label_confidence
            confident.append(sure.float().mean())
            if sure.any():
                found = torch.bincount(label[sure], minlength=config.classes).clamp_min(1)
                # The limit keeps a class of two images from dominating the batch.
                weight = (sure.sum() / (found * config.classes)).clamp(max=5)
                loss = loss + F.cross_entropy(prediction[sure] / config.tau_row, label[sure], weight)
        losses.append(loss)
    return torch.stack(losses), torch.stack(confident).mean()


def self_label(
    network: SelfClassifier,
    folder: Folder,
    config: Config,
    device: torch.device,
    path: Path | None,
    settings: dict[str, Any],
) -> tuple[SelfClassifier, Loop]:
    """Self-labels for ``config.label_epochs``. Returns the running average of the network, and the loop.

    Args:
        path: file for the state of the stage, from which it is resumed.
        settings: see :class:`Stage`.
    """
    student = copy.deepcopy(network).to(device, memory_format=torch.channels_last)
    teacher = copy.deepcopy(student).eval().requires_grad_(False)
    forward = torch.compile(student) if config.compile else student
    optimizer = make_optimizer("sgd", student, config.label_lr, config.label_lr, config.weight_decay)
    rng = torch.Generator(device).manual_seed(config.seed)
    epochs = config.label_epochs
    warmup = min(0.5, 1 / epochs)
    loop = Loop("self-label", optimizer, Memory(folder, device), config.batch, epochs, warmup=warmup, seed=config.seed)

    def step(places: Tensor, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        student.train()
        plain = random_crop_flip(images.float(), config.size, (0.8, 1.0), rng)
        strong = augment(images, config.size, tuple(config.crop_scale), rng, config.solarize)
        with half(device):
            with torch.no_grad():
                target = teacher(plain.contiguous(memory_format=torch.channels_last))[1]
            embedding = forward(strong.contiguous(memory_format=torch.channels_last))[1]
        target = teacher.logits(target)
        by_head, confident = label_loss(target, student.logits(embedding), config)
        optimizer.zero_grad(set_to_none=True)
        by_head.mean().backward()
        optimizer.step()
        update_average(teacher, student, config.label_momentum)
        return by_head.detach(), confident, target[0].argmax(1)

    def record(results: list[tuple[Tensor, Tensor, Tensor]], order: Tensor) -> dict[str, Any]:
        by_head, confident, clusters = zip(*results, strict=True)
        losses = torch.stack(by_head).mean(0)
        return {
            "loss": losses.mean().item(),
            "loss_heads": losses.tolist(),
            "confident": torch.stack(confident).mean().item(),
            **training_accuracy(torch.cat(clusters), folder.labels, order, config.classes),
        }

    Stage(loop, path, {"student": student, "teacher": teacher}, rng, settings).run(step, record)
    return teacher, loop


def refine(checkpoint: Checkpoint, folder: Folder, device: torch.device, path: Path | None = None) -> Checkpoint:
    """Both steps on the network of a checkpoint, by the settings in its ``config``.

    Args:
        path: file for the state of self-labeling, from which it is resumed.
    """
    began = time.perf_counter()
    config = config_of(checkpoint)
    network = network_of(checkpoint)
    network.to(device, memory_format=torch.channels_last).eval()
    counts: list[Count] = []
    if config.auto_classes:
        with half(device, config.bf16):
            chosen, counts = count_classes(encode(network, folder.pixels)[1])
        print(table(counts, chosen), flush=True)
        config = dataclasses.replace(config, classes=chosen)
    pairs = zip(checkpoint["history"][-1]["loss_heads"], network.heads, strict=True)
    others = [loss for loss, head in pairs if is_kept(head, network, config)]
    scores = choose_classes(network, folder.pixels.to(device), config)
    config = dataclasses.replace(config, main_heads=1)
    by_head = [math.log(config.classes) - max(scores.values()), *others]
    history = [{"stage": "classes", "mutual_information": scores, "loss_heads": by_head, "loss": by_head[0]}]
    seconds = time.perf_counter() - began
    if config.label_epochs:
        network, loop = self_label(network, folder, config, device, path, checkpoint["config"])
        history += [{"stage": "self-label"} | entry for entry in loop.history]
        seconds += loop.seconds
    return checkpoint | {
        "config": dataclasses.asdict(config) | {"heads": [len(head) for head in network.heads]},
        "network": network.state_dict(),
        "counts": [dataclasses.asdict(count) for count in counts],
        "history": checkpoint["history"] + history,
        "seconds": checkpoint["seconds"] + seconds,
    }


REFINEMENT = LaterStage(refine, "refined.pt", "graph_neighbors")


def main(arguments: list[str]) -> None:
    REFINEMENT.main("refine", (__doc__ or "").split("\n")[0], arguments)
