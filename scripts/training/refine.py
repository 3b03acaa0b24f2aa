"""Sharpens the classes of a trained network: heads on mined neighbours, then self-labelling. Without labels.

    python scripts/training/refine.py --run runs/NAME [--label-epochs N ...]

Reads ``RUN/checkpoint.pt`` and writes ``RUN/refined.pt``, of the same form.

1. Neighbour heads. The backbone's features know more than the classifiers: projector and heads are learned anew on
   frozen features, by the Self-Classifier loss between a view of an image and a view of one of its nearest neighbours
   (the neighbours of SCAN, arXiv 2005.12320, under this method's loss). Of several runs the one of lowest loss stays.
2. Self-labelling. The whole network learns, from strong views, what a running average of itself says of plain ones:
   the Self-Classifier target on every head, and hard labels of confident images on the heads of the wanted size,
   every class weighing the same (SCAN; FixMatch, arXiv 2001.07685; Mean Teacher, arXiv 1703.01780).
"""

from __future__ import annotations

import copy
import dataclasses
import math
import sys
import time
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from augment import augment, random_crop_flip
from images import Folder
from later import LaterStage
from loss import self_classifier_loss, view_loss
from metrics import training_accuracy
from neighbours import nearest_neighbours
from network import SelfClassifier, build
from optimize import follow, parameter_groups
from recipe import Config, config_of
from stage import Stage


@torch.no_grad()
def encode_views(network: SelfClassifier, pixels: Tensor, config: Config, rng: torch.Generator) -> Tensor:
    """Backbone features of ``config.neighbour_views`` random views of every image, float16 ``[views, N, F]``."""
    network.eval()
    shape = config.neighbour_views, len(pixels), network.backbone.features
    stored = torch.empty(shape, dtype=torch.float16, device=pixels.device)
    for view in stored:
        for places in torch.arange(len(pixels), device=pixels.device).split(1000):
            images = augment(pixels[places], config.size, tuple(config.crop_scale), rng)
            with torch.autocast(pixels.device.type, dtype=torch.bfloat16):
                view[places] = network(images.contiguous(memory_format=torch.channels_last))[0].half()
    return stored


def neighbour_heads(
    network: SelfClassifier, views: Tensor, nearest: Tensor, config: Config, seed: int
) -> tuple[SelfClassifier, list[float]]:
    """A copy of the network whose projector and heads are learned anew on frozen features.

    Args:
        views: of :func:`encode_views`.
        nearest: of ``nearest_neighbours``.

    Returns:
        The copy, and the mean loss of each head in the last epoch.
    """
    device, count = views.device, views.shape[1]
    batch = min(config.batch, count)
    steps = config.neighbour_epochs * (count // batch)
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

    for _ in range(config.neighbour_epochs):
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
    """What each head of the student costs, given the teacher's logits ``[N, C]`` of the same images.

    Every head: the Self-Classifier loss. Heads of ``config.classes``: cross-entropy with the teacher's class too, over
    the images of which the teacher is confident, each class weighing the same.

    Returns:
        The loss of every head, and the part of the images that were confident.
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
                # A class of two images must not rule the batch.
                weight = (sure.sum() / (found * config.classes)).clamp(max=5)
                loss = loss + F.cross_entropy(prediction[sure] / config.tau_row, label[sure], weight)
        losses.append(loss)
    return torch.stack(losses), torch.stack(confident).mean()


def self_label(
    network: SelfClassifier, folder: Folder, config: Config, device: torch.device, path: Path | None = None
) -> tuple[SelfClassifier, Stage]:
    """The running average of the network after ``config.label_epochs`` of self-labelling, and the stage.

    Args:
        path: file to save the stage in after every epoch, and to resume it from.
    """
    pixels = folder.pixels.to(device)
    student = copy.deepcopy(network).to(device, memory_format=torch.channels_last)
    teacher = copy.deepcopy(student).eval().requires_grad_(False)
    forward = torch.compile(student) if config.compile else student
    groups = parameter_groups(student, config.weight_decay)
    optimizer = torch.optim.SGD(groups, config.label_lr, momentum=0.9, nesterov=True)
    rng = torch.Generator(device).manual_seed(config.seed)
    modules = {"student": student, "teacher": teacher}
    stage = Stage("self-label", path, modules, optimizer, rng, len(pixels), config.batch, config.label_epochs)

    def step(places: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        student.train()
        images = pixels[places]
        plain = random_crop_flip(images.float(), config.size, (0.8, 1.0), rng)
        strong = augment(images, config.size, tuple(config.crop_scale), rng, config.solarise)
        with torch.autocast(device.type, dtype=torch.bfloat16):
            with torch.no_grad():
                target = teacher(plain.contiguous(memory_format=torch.channels_last))[1]
            embedding = forward(strong.contiguous(memory_format=torch.channels_last))[1]
        target = teacher.logits(target)
        by_head, confident = label_loss(target, student.logits(embedding), config)
        optimizer.zero_grad(set_to_none=True)
        by_head.mean().backward()
        optimizer.step()
        follow(teacher, student, config.label_momentum)
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

    stage.run(step, record)
    return teacher, stage


def refine(
    checkpoint: dict[str, Any], folder: Folder, device: torch.device, path: Path | None = None
) -> dict[str, Any]:
    """Both steps on the network of a checkpoint.

    Args:
        checkpoint: as ``train.py`` writes it; its ``config`` may be changed.
        path: file of the self-labelling stage, to resume it.

    Returns:
        A checkpoint of the same form.
    """
    began = time.perf_counter()
    config = config_of(checkpoint)
    network = build(checkpoint["config"])
    network.load_state_dict(checkpoint["network"])
    network.to(device, memory_format=torch.channels_last)

    rng = torch.Generator(device).manual_seed(config.seed)
    views = encode_views(network, folder.pixels.to(device), config, rng)
    nearest = nearest_neighbours(views, min(config.neighbours, len(folder.pixels) - 1))
    runs = []
    for run in range(config.neighbour_runs):
        runs.append(neighbour_heads(network, views, nearest, config, config.seed + run))
        best = min(runs[-1][1][: config.main_heads])  # heads of the wanted size come first
        collapse = f"(collapse {math.log(config.classes):.4f})"
        print(f"neighbour heads {run + 1}/{config.neighbour_runs}  loss {best:.4f} {collapse}", flush=True)
    network, by_head = min(runs, key=lambda run: min(run[1][: config.main_heads]))
    history = [{"stage": "neighbours", "loss_heads": by_head, "loss": sum(by_head) / len(by_head)}]
    seconds = time.perf_counter() - began
    if config.label_epochs:
        network, stage = self_label(network, folder, config, device, path)
        history += [{"stage": "self-label"} | entry for entry in stage.history]
        seconds += stage.seconds
    return checkpoint | {
        "config": dataclasses.asdict(config) | {"heads": config.heads},
        "network": network.state_dict(),
        "history": checkpoint["history"] + history,
        "seconds": checkpoint["seconds"] + seconds,
    }


REFINEMENT = LaterStage(refine, "refined.pt", "neighbour_epochs")

if __name__ == "__main__":
    REFINEMENT.main(__doc__ or "", sys.argv[1:])
