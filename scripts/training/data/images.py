"""Reads a folder of images: into one uint8 tensor, or, where that is too large, image by image.

Class folders (``DIR/<class>/**/*.jpg``, the ImageFolder convention) become labels, which only evaluation uses. Images
directly in ``DIR``, or in one single folder, have none.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from training.data.progress import bar

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"}


@dataclass
class Files:
    """The image files of a folder, not decoded.

    Attributes:
        root: the folder.
        labels, classes, paths: see :class:`Folder`.
    """

    root: Path
    labels: Tensor | None
    classes: list[str] | None
    paths: list[str]


@dataclass
class Folder:
    """The decoded images of a folder.

    Attributes:
        pixels: uint8 ``[N, 3, size, size]``, RGB.
        labels: int64 ``[N]``, or None without class folders.
        classes: class names by label, sorted, or None.
        paths: file of each image, relative to the folder, with ``/``.
        damaged: files that were left out, each with the reason.
    """

    pixels: Tensor
    labels: Tensor | None
    classes: list[str] | None
    paths: list[str]
    damaged: list[str] = field(default_factory=list)


def read_image(path: Path, size: int) -> np.ndarray:
    """Decodes an image as the server does: upright, on white, center-cropped to a square, resized with antialiasing.

    Returns:
        uint8 ``[3, size, size]``.
    """
    with Image.open(path) as picture:
        picture = ImageOps.exif_transpose(picture)
        if picture.mode not in ("RGB", "L"):
            picture = picture.convert("RGBA")
            picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
        picture = ImageOps.fit(picture.convert("RGB"), (size, size), Image.Resampling.BILINEAR)
        return np.asarray(picture).transpose(2, 0, 1)


def decode(file: Path, size: int) -> Tensor:
    """:func:`read_image` as a tensor.

    Raises:
        ValueError: if the file cannot be decoded.
    """
    try:
        return torch.from_numpy(read_image(file, size).copy())
    except Exception as error:
        raise ValueError(f"Cannot decode {file}: {error}") from error


def walk(folder: Path, parents: frozenset[str] = frozenset()) -> Iterator[Path]:
    """Yields the files below ``folder``. Follows links to folders, except to a parent, which would never end."""
    real = os.path.realpath(folder)
    if real in parents or not os.path.isdir(folder):
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from walk(folder / entry.name, parents | {real})
            else:
                yield folder / entry.name


def list_folder(path: str | Path) -> Files:
    """Finds all images below ``path``, recursively.

    Raises:
        ValueError: if there is none.
    """
    root = Path(path)
    files = sorted(file for file in walk(root) if file.suffix.lower() in SUFFIXES)
    if not files:
        raise ValueError(f"Expected images ({', '.join(sorted(SUFFIXES))}) below {root}, found none")
    paths = [file.relative_to(root).as_posix() for file in files]
    folders = [path.split("/")[0] if "/" in path else "" for path in paths]
    classes = sorted(set(folders))
    if len(classes) < 2 or "" in classes:
        return Files(root, None, None, paths)
    number = {name: i for i, name in enumerate(classes)}
    return Files(root, torch.tensor([number[name] for name in folders]), classes, paths)


def load_folder(path: str | Path, size: int) -> Folder:
    """Decodes all images below ``path``, recursively.

    Args:
        size: side of the squares in pixels.

    Raises:
        ValueError: if there is no image, or if one cannot be decoded.
    """
    files = list_folder(path)
    pixels = torch.empty(len(files.paths), 3, size, size, dtype=torch.uint8)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        images = pool.map(lambda name: decode(files.root / name, size), files.paths)
        for i, image in enumerate(bar(images, "reading images", len(pixels))):
            pixels[i] = image
    return Folder(pixels, files.labels, files.classes, files.paths)


def load_labeled(path: str | Path, size: int, option: str) -> Folder:
    """:func:`load_folder` for a folder that must have class folders.

    Raises:
        ValueError: if it has none; ``option`` is named in the message.
    """
    folder = load_folder(path, size)
    if folder.labels is None:
        raise ValueError(f"{option}: expected two or more class folders in {path}, found none")
    return folder


class Memory:
    """Gives batches of the images of a folder, all of which it holds on the device."""

    def __init__(self, folder: Folder, device: torch.device) -> None:
        self.pixels, self.device = folder.pixels.to(device), device

    def __len__(self) -> int:
        return len(self.pixels)

    def batches(self, places: list[Tensor]) -> Iterator[Tensor]:
        """Yields uint8 images ``[N, 3, size, size]`` on the device for each of the index tensors ``[N]``."""
        for part in places:
            yield self.pixels[part.to(self.device)]


class Stream(Dataset):
    """Gives batches as :class:`Memory` does, but of files, which worker processes decode ahead of time."""

    def __init__(self, files: Files, size: int, workers: int, device: torch.device) -> None:
        self.files, self.size, self.workers, self.device = files, size, workers, device

    def __len__(self) -> int:
        return len(self.files.paths)

    def __getitem__(self, place: int) -> Tensor:
        return decode(self.files.root / self.files.paths[place], self.size)

    def batches(self, places: list[Tensor]) -> Iterator[Tensor]:
        loader = DataLoader(
            self,
            batch_sampler=[part.tolist() for part in places],
            num_workers=self.workers,
            pin_memory=self.device.type == "cuda",
        )
        for images in loader:
            yield images.to(self.device, non_blocking=True)
