"""Any folder of images to one uint8 tensor in memory.

With class folders (``DIR/<class>/**/*.jpg``, the ImageFolder convention) the labels come along, for evaluation
only. Pictures straight in ``DIR``, or in a single folder, have none.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"}


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


def load_folder(path: str | Path, size: int) -> Folder:
    """Decodes every picture below ``path``.

    Args:
        path: the folder; searched recursively.
        size: side of the square that every picture becomes, in pixels.

    Raises:
        ValueError: where there is no picture, or where one cannot be read (it is named).
    """
    root = Path(path)
    found = (Path(folder, name) for folder, _, names in os.walk(root, followlinks=True) for name in names)
    files = sorted(file for file in found if file.suffix.lower() in SUFFIXES)
    if not files:
        raise ValueError(f"no picture ({', '.join(sorted(SUFFIXES))}) below {root}")

    def decode(file: Path) -> np.ndarray:
        try:
            return read_image(file, size)
        except Exception as error:
            raise ValueError(f"cannot read {file}: {error}") from error

    pixels = torch.empty(len(files), 3, size, size, dtype=torch.uint8)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for i, image in enumerate(pool.map(decode, files, chunksize=64)):
            pixels[i] = torch.from_numpy(image.copy())

    paths = [file.relative_to(root).as_posix() for file in files]
    folders = [path.split("/")[0] if "/" in path else "" for path in paths]
    classes = sorted(set(folders))
    if len(classes) < 2 or "" in classes:
        return Folder(pixels, None, None, paths)
    return Folder(pixels, torch.tensor([classes.index(name) for name in folders]), classes, paths)
