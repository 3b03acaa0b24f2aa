"""Three textures that a network can tell apart without labels: stripes across, stripes down, and blobs."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

NAMES = ["across", "blobs", "down"]


def textures(count: int, size: int = 16, seed: int = 0) -> tuple[Tensor, Tensor]:
    """uint8 ``[count, 3, size, size]`` and labels ``[count]``: random phase, pitch, colors and noise."""
    rng = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 3
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    images = []
    for label in labels.tolist():
        pitch = 3 + 2 * torch.rand(2, generator=rng)
        phase = 2 * math.pi * torch.rand(2, generator=rng)
        across = torch.sin(2 * math.pi * y / pitch[0] + phase[0])
        down = torch.sin(2 * math.pi * x / pitch[1] + phase[1])
        wave = [across, across * down * 2, down][label].clamp(-1, 1)
        middle, swing = 90 + 60 * torch.rand(3, 1, 1, generator=rng), 40 + 40 * torch.rand(3, 1, 1, generator=rng)
        noise = 8 * torch.randn(3, size, size, generator=rng)
        images.append((middle + swing * wave + noise).clamp(0, 255))
    return torch.stack(images).byte(), labels


def eight_kinds(count: int, size: int = 16, seed: int = 0) -> tuple[Tensor, Tensor]:
    """uint8 ``[count, 3, size, size]`` and labels ``[count]`` of eight textures, of random pitch, phase and colors."""
    rng = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 8

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(count, *shape, generator=rng)

    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    pitch, phase = uniform(3, 5, 2, 1, 1), 2 * math.pi * uniform(0, 1, 2, 1, 1)
    across = torch.sin(2 * math.pi * y / pitch[:, 0] + phase[:, 0])
    down = torch.sin(2 * math.pi * x / pitch[:, 1] + phase[:, 1])
    diagonal = torch.sin(2 * math.pi * (x + y) / 6 + phase[:, 0]) * torch.sin(2 * math.pi * (x - y) / 6 + phase[:, 1])
    center = uniform(0.3, 0.7, 2, 1, 1) * size
    rings = torch.sin(2 * math.pi * ((x - center[:, 0]) ** 2 + (y - center[:, 1]) ** 2).sqrt() / pitch[:, 0])
    noise = torch.randn(count, 1, size, size, generator=rng)
    smooth = torch.nn.functional.interpolate(noise[:, :, : size // 5, : size // 5], size=size, mode="bicubic")[:, 0]
    dots = (across > 0.5) & (down > 0.5)
    kinds = [across, down, 2 * across * down, 2 * diagonal, rings, noise[:, 0], 1.5 * smooth, 2 * dots.float() - 1]
    waves = torch.stack(kinds)[labels, torch.arange(count)].clamp(-1, 1)[:, None]
    middle, swing = uniform(90, 150, 3, 1, 1), uniform(40, 80, 3, 1, 1)
    return (middle + swing * waves + 8 * torch.randn(count, 3, size, size, generator=rng)).clamp(0, 255).byte(), labels


def write_folder(root: Path, count: int, size: int = 16, class_folders: bool = True) -> Path:
    """The textures as PNG files, in class folders or all in one."""
    images, labels = textures(count, size)
    for i, (image, label) in enumerate(zip(images, labels.tolist(), strict=True)):
        folder = root / NAMES[label] if class_folders else root
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image.permute(1, 2, 0).numpy()).save(folder / f"{i:04}.png")
    return root
