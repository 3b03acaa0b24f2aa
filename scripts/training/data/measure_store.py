"""Measures what reading images once into a store costs, beside decoding them alone.

    npm run model -- measure-store --count 300

Draws JPEG photos of 1.1 megapixels, and reads them by turns: decoded, squared and forgotten; through the store; and from
the store, as every later epoch does.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from training.data.images import Files, list_folder, read_image
from training.data.store import read_once

WIDTH, HEIGHT = 1224, 918
ROUNDS = 5


def draw(folder: Path, count: int) -> Files:
    """Photos with detail at all scales."""
    rng = np.random.default_rng(0)
    for i in range(count):
        layers = [
            np.asarray(Image.fromarray(rng.integers(0, 256, (side, side, 3), np.uint8)).resize((WIDTH, HEIGHT)), np.float32)
            for side in (4, 32, 256)
        ]
        pixels = 0.6 * layers[0] + 0.3 * layers[1] + 0.1 * layers[2]
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{i}.jpg", quality=90)
    return list_folder(folder)


def clock(work) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="measure-store", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--count", type=int, default=300, help="photos (default: 300)")
    parser.add_argument("--size", type=int, default=32, help="side of the squares in pixels (default: 32)")
    args = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        images, run = Path(temporary, "images"), Path(temporary, "run")
        images.mkdir()
        files = draw(images, args.count)

        def decode() -> None:
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                for _ in pool.map(lambda path: read_image(images / path, args.size), files.paths):
                    pass

        times: dict[str, list[float]] = {"decoded": [], "read once": [], "mapped": []}
        for _ in range(ROUNDS):
            times["decoded"].append(clock(decode))
            shutil.rmtree(run, ignore_errors=True)
            times["read once"].append(clock(lambda: read_once(files, args.size, run)))
            times["mapped"].append(clock(lambda: read_once(files, args.size, run).pixels.sum()))
        best = {name: min(seconds) / args.count for name, seconds in times.items()}
        for name, seconds in best.items():
            print(f"{name:9}  {1000 * seconds:7.3f} ms an image")
        print(f"reading once takes {best['read once'] / best['decoded']:.2f} times as long as decoding alone")
