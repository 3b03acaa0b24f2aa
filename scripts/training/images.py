"""Any folder of images to one uint8 tensor in memory, or where that is too large, picture by picture.

With class folders (``DIR/<class>/**/*.jpg``, the ImageFolder convention) the labels come along, for evaluation
only. Pictures straight in ``DIR``, or in a single folder, have none.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"}


@dataclass
class Files:
    """A folder on the disk.

    Attributes:
        root: the folder.
        labels, classes, paths: as of :class:`Folder`.
    """

    root: Path
    labels: Tensor | None
    classes: list[str] | None
    paths: list[str]


@dataclass
class Folder:
    """A folder in memory.

    Attributes:
        pixels: uint8 ``[N, 3, size, size]``, RGB.
        labels: int64 ``[N]``, or None where the folder has no class folders.
        classes: class names by label, sorted, or None.
        paths: file of each image, relative to the folder.
    """

    pixels: Tensor
    labels: Tensor | None
    classes: list[str] | None
    paths: list[str]


def read_image(path: Path, size: int) -> np.ndarray:
    """One picture as the server sees it: upright, on white, centre-cropped to a square, resized (antialiased).

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
        ValueError: where the file cannot be read (it is named).
    """
    try:
        return torch.from_numpy(read_image(file, size).copy())
    except Exception as error:
        raise ValueError(f"cannot read {file}: {error}") from error


def list_folder(path: str | Path) -> Files:
    """Finds every picture below ``path``, which is searched recursively.

    Raises:
        ValueError: where there is no picture.
    """
    root = Path(path)
    found = (Path(folder, name) for folder, _, names in os.walk(root, followlinks=True) for name in names)
    files = sorted(file for file in found if file.suffix.lower() in SUFFIXES)
    if not files:
        raise ValueError(f"no picture ({', '.join(sorted(SUFFIXES))}) below {root}")
    paths = [file.relative_to(root).as_posix() for file in files]
    folders = [path.split("/")[0] if "/" in path else "" for path in paths]
    classes = sorted(set(folders))
    if len(classes) < 2 or "" in classes:
        return Files(root, None, None, paths)
    number = {name: i for i, name in enumerate(classes)}
    return Files(root, torch.tensor([number[name] for name in folders]), classes, paths)


def load_folder(path: str | Path, size: int) -> Folder:
    """Decodes every picture below ``path``.

    Args:
        path: the folder; searched recursively.
        size: side of the square that every picture becomes, in pixels.

    Raises:
        ValueError: where there is no picture, or where one cannot be read (it is named).
    """
    files = list_folder(path)
    pixels = torch.empty(len(files.paths), 3, size, size, dtype=torch.uint8)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        images = pool.map(lambda name: decode(files.root / name, size), files.paths)
        bar = tqdm(images, "reading images", len(pixels), disable=not sys.stderr.isatty(), mininterval=2, leave=False)
        for i, image in enumerate(bar):
            pixels[i] = image
    return Folder(pixels, files.labels, files.classes, files.paths)


class Memory:
    """The batches of a folder in memory, which goes to the device as a whole."""

    def __init__(self, folder: Folder, device: torch.device) -> None:
        self.pixels, self.device = folder.pixels.to(device), device

    def __len__(self) -> int:
        return len(self.pixels)

    def batches(self, places: list[Tensor]) -> Iterator[Tensor]:
        """Uint8 ``[N, 3, size, size]`` on the device for each of ``places``, ``[N]``: numbers of pictures."""
        for part in places:
            yield self.pixels[part.to(self.device)]


class Stream(Dataset):
    """The batches of a folder on the disk, which worker processes decode ahead of need; as :class:`Memory` gives them."""

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
