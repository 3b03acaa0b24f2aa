"""Reads a folder of images once, into a file of small squares that is mapped into memory.

An epoch then decodes nothing, whatever the size of the photos, and a run that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch

from training.data.images import Files, Folder, read_image
from training.data.progress import bar

BLOCK = 64 << 20  # bytes of squares after which the progress is kept
SHOWN = 10  # damaged files that are printed


def read_once(files: Files, size: int, run: Path) -> Folder:
    """The images as squares of ``size`` pixels: mapped from the folder of a run, where they are written the first time.

    Images that cannot be decoded are left out, and named in ``damaged.txt`` beside the squares.

    Raises:
        ValueError: if no image can be decoded.
    """
    folder = run / f"squares-{size}"
    folder.mkdir(parents=True, exist_ok=True)
    squares, progress, total = folder / "squares.bin", folder / "squares.json", len(files.paths)
    key = key_of(files)
    state = json.loads(progress.read_text()) if progress.exists() and squares.exists() else {}
    if state.get("key") != key:
        state = {"key": key, "done": 0, "damaged": {}}
        with squares.open("wb") as file:
            file.truncate(total * 3 * size**2)  # takes no space until it is written
    pixels = np.memmap(squares, np.uint8, "r+", shape=(total, 3, size, size))
    if state["done"] < total:
        fill(pixels, files, state, progress)
        report(list(state["damaged"].values()), folder / "damaged.txt")
    kept = [i for i in range(total) if str(i) not in state["damaged"]]
    if not kept:
        raise ValueError(f"Expected images that can be decoded below {files.root}, got {total} that cannot")
    labels = None if files.labels is None else files.labels[kept]
    paths, damaged = [files.paths[i] for i in kept], list(state["damaged"].values())
    return Folder(torch.from_numpy(pixels[: len(kept)]), labels, files.classes, paths, damaged)


def key_of(files: Files) -> str:
    """Changes with the images: which they are, how long, and when they were written."""
    facts = [[path, *os.stat(files.root / path)[6:9:2]] for path in files.paths]
    return hashlib.sha256(json.dumps([str(files.root.resolve()), facts]).encode()).hexdigest()


def fill(pixels: np.ndarray, files: Files, state: dict, progress: Path) -> None:
    """Decodes the images that are not done yet, block by block."""
    size, total = pixels.shape[2], len(files.paths)

    def read(path: str) -> np.ndarray | str:
        try:
            return read_image(files.root / path, size)
        except Exception as error:  # any file of any folder
            return f"{path}: {error}".encode(errors="backslashreplace").decode()  # names need not be UTF-8

    step = max(1, BLOCK // pixels[0].nbytes)
    with (
        ThreadPoolExecutor(os.cpu_count()) as pool,
        bar(None, "reading images", total) as shown,
    ):
        shown.update(state["done"])
        while (start := state["done"]) < total:
            paths = files.paths[start : start + step]
            for place, image in enumerate(pool.map(read, paths), start):
                if isinstance(image, str):
                    state["damaged"][str(place)] = image
                else:
                    pixels[place - len(state["damaged"])] = image
                shown.update()
            pixels.flush()
            state["done"] = start + len(paths)
            part = progress.with_suffix(".part")
            part.write_text(json.dumps(state))
            part.replace(progress)


def report(damaged: list[str], listed: Path) -> None:
    """Names the files that were left out."""
    listed.write_text("".join(f"{line}\n" for line in damaged))
    if damaged:
        print(f"warning: {len(damaged)} images cannot be decoded and are left out; {listed} names them:")
        print(*(f"  {line}" for line in damaged[:SHOWN]), sep="\n", flush=True)
