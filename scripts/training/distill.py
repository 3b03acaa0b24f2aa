"""Distils a trained network into a smaller one for the edge. Without labels.

    python scripts/training/distill.py --run runs/NAME [--student-width 32 ...]

Reads ``RUN/refined.pt`` (or ``checkpoint.pt``) and writes ``RUN/student.pt``, of the same form. Student and teacher see
the same view, or the same mixture of two (mixup, arXiv 1710.09412; CutMix, arXiv 1905.04899). The student learns the
teacher's unit embedding, and the classes of every head by the teacher's own frozen class weights: the KL divergence of
the heads' softmaxes plus one minus the cosine of the embeddings. A long schedule pays (arXiv 2106.05237).
"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from augment import augment
from images import Folder
from later import LaterStage
from network import SelfClassifier, build
from optimize import parameter_groups
from recipe import config_of
from stage import Stage


def mix(images: Tensor, rng: torch.Generator) -> Tensor:
    """Each image with the next of the batch, ``[N, 3, H, W]``: a third as they are, a third blended by one amount
    (mixup), a third with a box of the other pasted in (CutMix)."""
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
    """KL divergence averaged over the heads, one minus the cosine, and how often the first heads agree.

    Args:
        teacher, student: unit embeddings ``[N, D]`` of the same views.
        heads: the network whose class weights both are read by.
        tau: temperature of the softmax over classes.
    """
    pairs = list(zip(heads.logits(teacher), heads.logits(student), strict=True))
    divergence = [
        F.kl_div((s / tau).log_softmax(1), (t / tau).log_softmax(1), reduction="batchmean", log_target=True)
        for t, s in pairs
    ]
    agreement = (pairs[0][0].argmax(1) == pairs[0][1].argmax(1)).float().mean()
    return torch.stack(divergence).mean(), 1 - (teacher * student).sum(1).mean(), agreement


def distill(
    checkpoint: dict[str, Any], folder: Folder, device: torch.device, path: Path | None = None
) -> dict[str, Any]:
    """The checkpoint of a student of ``config.student_depth`` and ``config.student_width``.

    Args:
        checkpoint: the teacher's; its ``config`` may be changed.
        path: file to save the stage in after every epoch, and to resume it from.
    """
    config = config_of(checkpoint)
    teacher = build(checkpoint["config"])
    teacher.load_state_dict(checkpoint["network"])
    teacher.to(device, memory_format=torch.channels_last).eval().requires_grad_(False)
    torch.manual_seed(config.seed)
    shape = dataclasses.asdict(config) | {"depth": config.student_depth, "width": config.student_width}
    student = build(shape | {"heads": config.heads})
    student.heads.load_state_dict(teacher.heads.state_dict())
    student.heads.requires_grad_(False)
    student.to(device, memory_format=torch.channels_last)
    forward = torch.compile(student) if config.compile else student

    pixels = folder.pixels.to(device)
    rng = torch.Generator(device).manual_seed(config.seed)
    optimizer = torch.optim.AdamW(parameter_groups(student, 0.05), config.student_lr)
    stage = Stage(
        "distil", path, {"student": student}, optimizer, rng, len(pixels), config.batch, config.student_epochs
    )

    def step(places: Tensor) -> Tensor:
        student.train()
        views = augment(pixels[places], config.size, tuple(config.crop_scale), rng)
        views = mix(views, rng).contiguous(memory_format=torch.channels_last)
        with torch.autocast(device.type, dtype=torch.bfloat16):
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

    stage.run(step, record)
    # The student's head is the one that was best for the teacher.
    chosen = {"loss_heads": checkpoint["history"][-1]["loss_heads"]}
    return checkpoint | {
        "config": shape | {"heads": config.heads},
        "network": student.state_dict(),
        "history": checkpoint["history"] + [{"stage": "distil"} | entry | chosen for entry in stage.history],
        "seconds": checkpoint["seconds"] + stage.seconds,
        "teacher": {"depth": config.depth, "width": config.width},
    }


DISTILLATION = LaterStage(distill, "student.pt", "student_epochs")

if __name__ == "__main__":
    DISTILLATION.main(__doc__ or "", sys.argv[1:])
