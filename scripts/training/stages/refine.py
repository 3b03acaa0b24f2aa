"""Refinement: sharper classes for a trained network, without labels, by neighbor heads and self-labeling.

1. Neighbor heads. The features of the backbone know more than the classifiers. Projector and heads are trained anew on
   frozen features, with the Self-Classifier loss between a view of an image and a view of one of its nearest neighbors
   (the neighbors of SCAN, arXiv 2005.12320, under the loss of this method). The run with the lowest loss is kept.
2. Self-labeling. The whole network learns, from strong views, what a running average of itself predicts for weak ones:
   the Self-Classifier target on each head, and hard labels of confident images on the heads of the wanted size, with
   equal weight for all classes (SCAN; FixMatch, arXiv 2001.07685; Mean Teacher, arXiv 1703.01780).

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
from training.data.neighbors import nearest_neighbors
from training.nn.augment import augment, random_crop_flip
from training.nn.loss import self_classifier_loss, view_loss
from training.nn.network import SelfClassifier, build
from training.nn.optimize import make_optimizer, update_average
from training.recipe import Config, config_of
from training.report.metrics import training_accuracy
from training.stages.chain import LaterStage
from training.stages.checkpoint import Checkpoint, network_of
from training.stages.loop import Loop, Stage


@torch.no_grad()
def encode_views(network: SelfClassifier, pixels: Tensor, config: Config, rng: torch.Generator) -> Tensor:
    """Backbone features of ``config.head_views`` random views of each image, float16 ``[views, N, F]``."""
    network.eval()
    shape = config.head_views, len(pixels), network.backbone.features
    stored = torch.empty(shape, dtype=torch.float16, device=pixels.device)
    for view in stored:
        for places in torch.arange(len(pixels), device=pixels.device).split(1000):
            images = augment(pixels[places], config.size, tuple(config.crop_scale), rng)
            with torch.autocast(pixels.device.type, dtype=torch.bfloat16):
                view[places] = network(images.contiguous(memory_format=torch.channels_last))[0].half()
    return stored


def neighbor_heads(
    network: SelfClassifier, views: Tensor, nearest: Tensor, config: Config, seed: int
) -> tuple[SelfClassifier, list[float]]:
    """Trains a new projector and new heads on frozen features.

    Args:
        views: features of :func:`encode_views`.
        nearest: neighbors of ``nearest_neighbors``.

    Returns:
        A copy of the network with them, and the mean loss of each head in the last epoch.
    """
    device, count = views.device, views.shape[1]
    batch = min(config.batch, count)
    steps = config.head_epochs * (count // batch)
    torch.manual_seed(seed)
    rng = torch.Generator(device).manual_seed(seed)
    fresh = build(dataclasses.asdict(config) | {"heads": config.heads}).to(device)
    fresh.backbone.load_state_dict(network.backbone.state_dict())
    learned = [*fresh.projector.parameters(), *fresh.heads.parameters()]
    optimizer = torch.optim.SGD(learned, 0.1, momentum=0.9, nesterov=True, weight_decay=1e-5)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    fresh.train()

    def draw(high: int) -> Tensor:
        return torch.randint(high, (batch,), generator=rng, device=device)

    for _ in range(config.head_epochs):
        by_head = []
        for places in torch.randperm(count, generator=rng, device=device)[: count // batch * batch].split(batch):
            pair = places, nearest[places, draw(nearest.shape[1])]
            features = torch.cat([views[draw(len(views)), side] for side in pair]).float()
            embeddings = F.normalize(fresh.projector(features), dim=1).split(batch)
            logits = [fresh.logits(embedding) for embedding in embeddings]
            by_head.append(self_classifier_loss(logits, logits, config.tau_row, config.tau_col))
            optimizer.zero_grad(set_to_none=True)
            by_head[-1].mean().backward()
            optimizer.step()
            schedule.step()
    return fresh.eval(), torch.stack(by_head).detach().mean(0).tolist()


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
    network: SelfClassifier, folder: Folder, config: Config, device: torch.device, path: Path | None = None
) -> tuple[SelfClassifier, Loop]:
    """Self-labels for ``config.label_epochs``. Returns the running average of the network, and the loop.

    Args:
        path: file for the state of the stage, from which it is resumed.
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
        with torch.autocast(device.type, dtype=torch.bfloat16):
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

    Stage(loop, path, {"student": student, "teacher": teacher}, rng).run(step, record)
    return teacher, loop


def refine(checkpoint: Checkpoint, folder: Folder, device: torch.device, path: Path | None = None) -> Checkpoint:
    """Both steps on the network of a checkpoint, by the settings in its ``config``.

    Args:
        path: file for the state of self-labeling, from which it is resumed.
    """
    began = time.perf_counter()
    config = config_of(checkpoint)
    network = network_of(checkpoint)
    network.to(device, memory_format=torch.channels_last)

    rng = torch.Generator(device).manual_seed(config.seed)
    views = encode_views(network, folder.pixels.to(device), config, rng)
    nearest = nearest_neighbors(views, min(config.head_neighbors, len(folder.pixels) - 1))
    runs = []
    for run in range(config.head_runs):
        runs.append(neighbor_heads(network, views, nearest, config, config.seed + run))
        best = min(runs[-1][1][: config.main_heads])
        collapse = f"(collapse {math.log(config.classes):.4f})"
        print(f"neighbor heads {run + 1}/{config.head_runs}  loss {best:.4f} {collapse}", flush=True)
    network, by_head = min(runs, key=lambda run: min(run[1][: config.main_heads]))
    history = [{"stage": "neighbors", "loss_heads": by_head, "loss": sum(by_head) / len(by_head)}]
    seconds = time.perf_counter() - began
    if config.label_epochs:
        network, loop = self_label(network, folder, config, device, path)
        history += [{"stage": "self-label"} | entry for entry in loop.history]
        seconds += loop.seconds
    return checkpoint | {
        "config": dataclasses.asdict(config) | {"heads": config.heads},
        "network": network.state_dict(),
        "history": checkpoint["history"] + history,
        "seconds": checkpoint["seconds"] + seconds,
    }


REFINEMENT = LaterStage(refine, "refined.pt", "head_epochs")


def main(arguments: list[str]) -> None:
    REFINEMENT.main("refine", (__doc__ or "").split("\n")[0], arguments)
