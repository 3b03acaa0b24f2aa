"""Distillation: a trained network into a smaller one for the edge, without labels.

Student and teacher see the same view, or the same mixture of two (mixup, arXiv 1710.09412; CutMix, arXiv 1905.04899).
The student learns the unit embedding of the teacher, and the classes of all heads through the frozen class weights of
the teacher: KL divergence of the softmaxes plus one minus the cosine of the embeddings. A long schedule pays off
(arXiv 2106.05237).

Reads ``RUN/refined.pt`` (or ``checkpoint.pt``) and writes ``RUN/student.pt``, of the same format.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from training.data.images import Folder, Memory
from training.nn.augment import augment
from training.nn.network import SelfClassifier, build
from training.nn.optimize import parameter_groups
from training.nn.precision import half
from training.recipe import config_of
from training.stages.chain import LaterStage
from training.stages.checkpoint import Checkpoint, network_of
from training.stages.loop import Loop, Stage


def mix(images: Tensor, rng: torch.Generator) -> Tensor:
    """Mixes each image of ``[N, 3, H, W]`` with the next one. Of the batches, a third stays as it is, a third is blended
    (mixup), and a third gets a box of the other image (CutMix)."""
    other = images.roll(1, 0)
    kind, amount, x, y = torch.rand(4, generator=rng, device=images.device).tolist()
    if kind < 1 / 3:
        return images
    if kind < 2 / 3:
        return torch.lerp(images, other, amount / 2)
    height, width = images.shape[2:]
    side = (amount / 2) ** 0.5  # the box covers up to half of the image
    top, left = int(y * (1 - side) * height), int(x * (1 - side) * width)
    box = (..., slice(top, top + int(side * height)), slice(left, left + int(side * width)))
    images = images.clone()
    images[box] = other[box]
    return images


def distillation_loss(
    teacher: Tensor, student: Tensor, heads: SelfClassifier, tau: float
) -> tuple[Tensor, Tensor, Tensor]:
    """KL divergence averaged over the heads, one minus the cosine, and how often the classes of the first head agree.

    Args:
        teacher, student: unit embeddings ``[N, D]`` of the same views.
        heads: the network whose class weights read both.
        tau: temperature of the softmax over classes.
    """
    pairs = list(zip(heads.logits(teacher), heads.logits(student), strict=True))
    divergence = [
        F.kl_div((s / tau).log_softmax(1), (t / tau).log_softmax(1), reduction="batchmean", log_target=True)
        for t, s in pairs
    ]
    agreement = (pairs[0][0].argmax(1) == pairs[0][1].argmax(1)).float().mean()
    return torch.stack(divergence).mean(), 1 - (teacher * student).sum(1).mean(), agreement


def distill(checkpoint: Checkpoint, folder: Folder, device: torch.device, path: Path | None = None) -> Checkpoint:
    """Trains a student of ``config.student_depth`` and ``config.student_width``.

    Args:
        checkpoint: of the teacher; its ``config`` has the settings.
        path: file for the state of the stage, from which it is resumed.

    Returns:
        The checkpoint of the student.
    """
    config = config_of(checkpoint)
    teacher = network_of(checkpoint)
    teacher.to(device, memory_format=torch.channels_last).eval().requires_grad_(False)
    torch.manual_seed(config.seed)
    shape = dataclasses.asdict(config) | {"depth": config.student_depth, "width": config.student_width}
    heads = checkpoint["config"]["heads"]
    student = build(shape | {"heads": heads})
    student.heads.load_state_dict(teacher.heads.state_dict())
    student.heads.requires_grad_(False)
    student.to(device, memory_format=torch.channels_last)
    forward = torch.compile(student) if config.compile else student

    rng = torch.Generator(device).manual_seed(config.seed)
    optimizer = torch.optim.AdamW(parameter_groups(student, 0.05), config.student_lr)
    epochs = config.student_epochs
    warmup = min(0.5, 1 / epochs)
    loop = Loop("distill", optimizer, Memory(folder, device), config.batch, epochs, warmup=warmup, seed=config.seed)

    def step(places: Tensor, images: Tensor) -> Tensor:
        student.train()
        views = augment(images, config.size, tuple(config.crop_scale), rng)
        views = mix(views, rng).contiguous(memory_format=torch.channels_last)
        with half(device):
            with torch.no_grad():
                target = teacher(views)[1]
            embedding = forward(views)[1]
        divergence, distance, agreement = distillation_loss(target, embedding, teacher, config.tau_row)
        optimizer.zero_grad(set_to_none=True)
        (divergence + distance).backward()
        optimizer.step()
        return torch.stack([divergence, distance, agreement]).detach()

    def record(results: list[Tensor], order: Tensor) -> dict[str, Any]:
        divergence, distance, agreement = torch.stack(results).mean(0).tolist()
        return {"loss": divergence + distance, "divergence": divergence, "distance": distance, "agreement": agreement}

    Stage(loop, path, {"student": student}, rng, checkpoint["config"]).run(step, record)
    # Keep the choice of the head: that of the teacher.
    chosen = {"loss_heads": checkpoint["history"][-1]["loss_heads"]}
    made = checkpoint | {
        "config": shape | {"heads": heads},
        "network": student.state_dict(),
        "history": checkpoint["history"] + [{"stage": "distill"} | entry | chosen for entry in loop.history],
        "seconds": checkpoint["seconds"] + loop.seconds,
        "teacher": {"depth": config.depth, "width": config.width},
    }
    made.pop("trained", None)  # what the teacher was trained with
    return made


DISTILLATION = LaterStage(distill, "student.pt", "student_epochs")


def main(arguments: list[str]) -> None:
    DISTILLATION.main("distill", (__doc__ or "").split("\n")[0], arguments)
