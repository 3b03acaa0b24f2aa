"""What the naming page knows of the pictures of a run, worked out once and kept in ``RUN/naming``."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from training.data.images import list_folder, read_image
from training.data.neighbors import nearest_neighbors
from training.model.manifest import path_of, read_manifest
from training.model.onnx_files import open_graph
from training.naming.layout import lay_out, map_order

NEIGHBORS = 15
BATCH = 200
THUMBNAIL, ACROSS = 32, 32  # side of a thumbnail in pixels, and thumbnails along a side of a sheet
SMALL = 8  # side of the squares that copies are compared by


@dataclass
class Pictures:
    """The pictures, in the order of the map: those with near numbers are near on it.

    Attributes:
        root: their folder.
        paths: relative to it.
        damaged: files that cannot be decoded, and why.
        embeddings: of the float32 file, ``[N, D]``.
        neighbors, cosines: of each picture, ``[N, K]``.
        small: uint8 ``[N, P]``, squares that copies are compared by.
        places: on the map, ``[N, 2]`` in [0, 1].
        sheets: folder with ``0.jpg``, ..., each of :data:`ACROSS` squared thumbnails.
    """

    root: Path
    paths: list[str]
    damaged: list[str]
    embeddings: Tensor
    neighbors: Tensor
    cosines: Tensor
    small: Tensor
    places: Tensor
    sheets: Path


def open_pictures(model: Path, images: Path, folder: Path) -> Pictures:
    """Reads what ``folder`` keeps of the images, or works it out: minutes for tens of thousands."""
    files = list_folder(images)
    key = key_of(model, files.paths)
    kept = folder / "pictures.pt"
    if not kept.exists() or (state := torch.load(kept, weights_only=True))["key"] != key:
        folder.mkdir(parents=True, exist_ok=True)
        state = {"key": key} | look_at_all(model, files.root, files.paths, folder)
        torch.save(state, kept.with_suffix(".part"))
        kept.with_suffix(".part").replace(kept)
    del state["key"]
    return Pictures(root=files.root, sheets=folder, **state)


def key_of(model: Path, paths: list[str]) -> str:
    """Changes with the images and with what embeds them, but not with the classes."""
    golden = read_manifest(model)["golden"]["outputs"]["fp32"]["embedding"]
    return hashlib.sha256(json.dumps([golden, paths]).encode()).hexdigest()


def bar(items: Iterator, total: int, title: str) -> Iterator:
    """Shows how far it is, and the time that is left, on a terminal."""
    return tqdm(items, title, total, disable=not sys.stderr.isatty(), mininterval=1, leave=False)


def look_at_all(model: Path, root: Path, paths: list[str], folder: Path) -> dict:
    """Embeds the images, finds their neighbors and copies, lays out the map and writes the sheets."""
    embeddings, thumbnails, kept, damaged = [], [], [], []
    for places, pixels, errors in bar(decoded(model, root, paths), -(-len(paths) // BATCH), "looking at the pictures"):
        damaged += errors
        if places:
            kept += places
            embeddings.append(pixels[0])
            thumbnails.append(pixels[1])
    if len(kept) < 2:
        raise SystemExit(f"--images: expected two images or more that can be decoded in {root}, got {len(kept)}")
    embedding, thumbnail = torch.cat(embeddings), np.concatenate(thumbnails)
    print("finding neighbors, and laying out the map", flush=True)
    neighbors = nearest_neighbors(embedding[None], min(NEIGHBORS, len(kept) - 1))
    places = lay_out(embedding, neighbors)
    order = map_order(places)
    rank = order.argsort()
    embedding, neighbors, thumbnail = embedding[order], rank[neighbors[order]], thumbnail[order.numpy()]
    write_sheets(thumbnail, folder)
    return {
        "paths": [paths[kept[i]] for i in order.tolist()],
        "damaged": damaged,
        "embeddings": embedding,
        "neighbors": neighbors,
        "cosines": torch.cat([(e[:, None] * embedding[n]).sum(2) for e, n in zip(embedding.split(5000), neighbors.split(5000), strict=True)]),
        "small": torch.from_numpy(squares(thumbnail)),
        "places": places[order],
    }


def decoded(model: Path, root: Path, paths: list[str]) -> Iterator[tuple[list[int], tuple[Tensor, np.ndarray], list[str]]]:
    """Embeddings and thumbnails ``[N, side, side, 3]`` batch by batch, with the indices of their paths, and what cannot
    be decoded."""
    predict, size = open_graph(path_of(model, "fp32")), read_manifest(model)["input"]["width"]

    def read(path: str) -> np.ndarray | str:
        try:
            return read_image(root / path, size)
        except Exception as error:  # any file of any folder
            return f"{path}: {error}"

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(paths), BATCH):
            read_ = list(pool.map(read, paths[start : start + BATCH]))
            good = [start + i for i, image in enumerate(read_) if not isinstance(image, str)]
            errors = [image for image in read_ if isinstance(image, str)]
            if not good:
                yield [], (torch.empty(0), np.empty(0)), errors
                continue
            pixels = np.stack([read_[i - start].transpose(1, 2, 0) for i in good])
            small = pixels if size == THUMBNAIL else np.stack([resized(image, THUMBNAIL) for image in pixels])
            yield good, (predict(torch.from_numpy(pixels))[1], small), errors


def resized(pixels: np.ndarray, side: int) -> np.ndarray:
    return np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.BILINEAR))


def squares(thumbnails: np.ndarray) -> np.ndarray:
    """Means of blocks, uint8 ``[N, SMALL * SMALL * 3]``."""
    step = THUMBNAIL // SMALL
    blocks = thumbnails.reshape(-1, SMALL, step, SMALL, step, 3)
    return np.concatenate([part.mean((2, 4)).round().astype(np.uint8).reshape(len(part), -1) for part in np.array_split(blocks, -(-len(blocks) // 5000))])


def write_sheets(thumbnails: np.ndarray, folder: Path) -> None:
    """Writes the thumbnails, row by row, as JPEG files of ACROSS x ACROSS."""
    for number, start in enumerate(range(0, len(thumbnails), ACROSS**2)):
        part = thumbnails[start : start + ACROSS**2]
        sheet = np.zeros((ACROSS**2, THUMBNAIL, THUMBNAIL, 3), np.uint8)
        sheet[: len(part)] = part
        grid = sheet.reshape(ACROSS, ACROSS, THUMBNAIL, THUMBNAIL, 3).swapaxes(1, 2)
        side = ACROSS * THUMBNAIL
        Image.fromarray(grid.reshape(side, side, 3)).save(folder / f"{number}.jpg", quality=85)
