"""What the naming page knows of the pictures of a run, worked out once and kept in ``RUN/naming``."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from training.data.copies import small_squares
from training.data.images import Files, Folder, list_folder
from training.data.neighbors import nearest_neighbors
from training.data.progress import bar
from training.data.store import key_of as images_key
from training.data.store import read_once
from training.model.manifest import path_of, read_manifest
from training.model.onnx_files import open_graph
from training.naming.layout import lay_out, map_order

NEIGHBORS = 15
BATCH = 200
THUMBNAIL, ACROSS = 32, 32  # side of a thumbnail in pixels, and thumbnails along a side of a sheet


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


def open_pictures(model: Path, images: Path, run: Path) -> Pictures:
    """Reads what the folder of a run keeps of the images, or works it out: minutes for tens of thousands."""
    files = list_folder(images)
    folder, kept = run / "naming", run / "naming" / "pictures.pt"
    key = key_of(model, files)
    if not kept.exists() or (state := torch.load(kept, weights_only=True))["key"] != key:
        folder.mkdir(parents=True, exist_ok=True)
        state = {"key": key} | look_at_all(model, read_once(files, read_manifest(model)["input"]["width"], run), folder)
        torch.save(state, kept.with_suffix(".part"))
        kept.with_suffix(".part").replace(kept)
    del state["key"]
    return Pictures(root=files.root, sheets=folder, **state)


def key_of(model: Path, files: Files) -> str:
    """Changes with the images and with what embeds them, but not with the classes."""
    golden = read_manifest(model)["golden"]["outputs"]["fp32"]["embedding"]
    return hashlib.sha256(json.dumps([golden, images_key(files)]).encode()).hexdigest()


def look_at_all(model: Path, images: Folder, folder: Path) -> dict:
    """Embeds the images, finds their neighbors, lays out the map and writes the sheets."""
    if len(images.paths) < 2:
        raise ValueError(f"--images: expected two images or more that can be decoded, got {len(images.paths)}")
    predict = open_graph(path_of(model, "fp32"))
    batches = images.pixels.permute(0, 2, 3, 1).split(BATCH)
    embedding = torch.cat([predict(part.contiguous())[1] for part in bar(batches, "looking at the images")])
    print("finding neighbors, and laying out the map", flush=True)
    neighbors = nearest_neighbors(embedding[None], min(NEIGHBORS, len(embedding) - 1))
    places = lay_out(embedding, neighbors)
    order = map_order(places)
    embedding, neighbors = embedding[order], order.argsort()[neighbors[order]]
    thumbnails = np.concatenate([thumbnails_of(images.pixels[part]) for part in order.split(BATCH)])
    write_sheets(thumbnails, folder)
    pairs = zip(embedding.split(5000), neighbors.split(5000), strict=True)
    return {
        "paths": [images.paths[i] for i in order.tolist()],
        "damaged": images.damaged,
        "embeddings": embedding,
        "neighbors": neighbors,
        "cosines": torch.cat([(own[:, None] * embedding[nearest]).sum(2) for own, nearest in pairs]),
        "small": torch.cat([small_squares(images.pixels[part]) for part in order.split(BATCH)]),
        "places": places[order],
    }


def thumbnails_of(pixels: Tensor) -> np.ndarray:
    """uint8 ``[N, THUMBNAIL, THUMBNAIL, 3]`` of images ``[N, 3, H, W]``."""
    images = pixels.permute(0, 2, 3, 1).numpy()
    if images.shape[1] == THUMBNAIL:
        return images
    size = (THUMBNAIL, THUMBNAIL)
    return np.stack([np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BILINEAR)) for image in images])


def write_sheets(thumbnails: np.ndarray, folder: Path) -> None:
    """Writes the thumbnails, row by row, as JPEG files of ACROSS x ACROSS."""
    for number, start in enumerate(range(0, len(thumbnails), ACROSS**2)):
        part = thumbnails[start : start + ACROSS**2]
        sheet = np.zeros((ACROSS**2, THUMBNAIL, THUMBNAIL, 3), np.uint8)
        sheet[: len(part)] = part
        grid = sheet.reshape(ACROSS, ACROSS, THUMBNAIL, THUMBNAIL, 3).swapaxes(1, 2)
        side = ACROSS * THUMBNAIL
        Image.fromarray(grid.reshape(side, side, 3)).save(folder / f"{number}.jpg", quality=85)
