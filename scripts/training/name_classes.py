"""Names the classes of a model by their images.

    npm run name-classes -- NAME                       shows the most typical images of each class, and asks
    npm run name-classes -- NAME --names cat,dog,...   takes the names in the order of the classes
    npm run name-classes -- NAME --labeled DIR         takes them from a few images of each kind, in folders of their names

The images are those of the run (``runs/NAME``) or of ``--images``; ``runs/NAME/classes.html`` shows them. ``--labeled``
matches folders and classes one to one (Hungarian map); classes without a folder keep their names. The weights do not
change.
"""

from __future__ import annotations

import argparse
import base64
import html
import io
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from training import publish
from training.data.images import decode, list_folder
from training.model.manifest import path_of, read_manifest, write_manifest
from training.model.onnx_files import open_graph
from training.report.card import write_card
from training.report.metrics import contingency
from training.stages.checkpoint import read

SHOWN = 24  # images per class
THUMBNAIL = 112  # side in pixels
STYLE = """
body { font: 16px system-ui; margin: 2rem; background: #fff; color: #222 }
h2 { margin: 2rem 0 .5rem; font-size: 1rem } h2 small { color: #666; font-weight: normal }
section div { display: flex; flex-wrap: wrap; gap: 4px }
"""


def look(model: Path, paths: list[Path]) -> tuple[Tensor, Tensor]:
    """Classes ``[N]`` and unit embeddings ``[N, D]`` of images by the fp32 file."""
    predict, size = open_graph(path_of(model, "fp32")), read_manifest(model)["input"]["width"]
    classes, embeddings = [], []
    for start in range(0, len(paths), 200):
        part = [decode(path, size) for path in paths[start : start + 200]]
        probabilities, embedding = predict(torch.stack(part).permute(0, 2, 3, 1).contiguous())
        classes.append(probabilities.argmax(1))
        embeddings.append(embedding)
    return torch.cat(classes), torch.cat(embeddings)


def typical(classes: Tensor, embeddings: Tensor, count: int) -> list[list[int]]:
    """For each of ``count`` classes, its images nearest to their mean, the nearest first."""
    found = []
    for number in range(count):
        own = (classes == number).nonzero().flatten()
        middle = F.normalize(embeddings[own].sum(0), dim=0)
        nearest = (embeddings[own] @ middle).argsort(descending=True, stable=True)
        found.append(own[nearest[:SHOWN]].tolist())
    return found


def thumbnail(path: Path) -> str:
    """An ``<img>`` element with the image as the network sees it."""
    pixels = decode(path, THUMBNAIL).permute(1, 2, 0).numpy()
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=80)
    data = base64.b64encode(file.getvalue()).decode()
    return f'<img src="data:image/jpeg;base64,{data}" title="{html.escape(path.name)}" alt="">'


def sheet(name: str, names: list[str], sizes: list[int], images: list[list[Path]]) -> str:
    """The HTML page, with a section per class."""
    sections = [
        f"<section><h2>{number + 1}. {html.escape(label)} <small>{size} images</small></h2>"
        f"<div>{''.join(map(thumbnail, shown))}</div></section>"
        for number, (label, size, shown) in enumerate(zip(names, sizes, images, strict=True))
    ]
    head = f"<!doctype html><meta charset=utf-8><title>{name}</title><style>{STYLE}</style>"
    return f"{head}<h1>Classes of {name}</h1>{''.join(sections)}\n"


def ask(names: list[str], sizes: list[int]) -> list[str]:
    """Asks for a name for each class. An empty answer keeps the present name."""
    given: list[str] = []
    for number, (name, size) in enumerate(zip(names, sizes, strict=True)):
        while True:
            answer = input(f"{number + 1}. {name} ({size} images): ").strip() or name
            if answer not in given:
                break
            print(f"Another class is called {answer}. Choose another name")
        given.append(answer)
    return given


def match(labels: Tensor, folders: list[str], classes: Tensor, names: list[str]) -> list[str]:
    """Names classes after folders, by the one-to-one map that agrees with most images. The others keep their names.

    Args:
        labels, classes: ``[N]``: folder and class of each image.
    """
    if len(folders) > len(names):
        raise SystemExit(f"--labeled: expected at most {len(names)} folders, one per class, got {len(folders)}")
    seen = contingency(classes.numpy(), labels.numpy())
    table = np.zeros((len(names), len(folders)), dtype=np.int64)
    table[: len(seen), : seen.shape[1]] = seen
    matched = list(names)
    for number, folder in zip(*linear_sum_assignment(table, maximize=True), strict=True):
        matched[number] = folders[folder]
    return matched


def rename(model: Path, names: list[str], how: str) -> None:
    """Writes the names to the manifest, the card and ``labels.d.ts``.

    Args:
        how: ``classNames`` of the manifest.
    """
    manifest = read_manifest(model)
    if len(names) != len(manifest["classes"]):
        raise SystemExit(f"--names: expected {len(manifest['classes'])} names, one per class, got {len(names)}")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise SystemExit(f"--names: {', '.join(twice)}: more than once")
    manifest |= {"classes": names, "classNames": how}
    manifest.pop("classIds", None)
    write_manifest(model, manifest)
    write_card(model)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="name-classes", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("name", help="name of the model")
    parser.add_argument("--names", help="names in the order of the classes, separated by commas")
    parser.add_argument("--labeled", type=Path, help="a few images of each kind, in folders of their names")
    parser.add_argument("--run", type=Path, help="folder of the run (default: runs/NAME)")
    parser.add_argument("--images", type=Path, help="images to show (default: those of the run)")
    args = parser.parse_args(arguments)
    model = publish.MODELS / args.name
    if not (model / "manifest.json").exists():
        raise SystemExit(f"Expected the name of a model in {publish.MODELS}, got {args.name}")
    names: list[str] = read_manifest(model)["classes"]
    if args.names:
        rename(model, [name.strip() for name in args.names.split(",")], "person")
    elif args.labeled:
        labeled = list_folder(args.labeled)
        if labeled.labels is None:
            raise SystemExit(f"--labeled: expected one folder of images per class in {args.labeled}, found none")
        classes, _ = look(model, [labeled.root / path for path in labeled.paths])
        rename(model, match(labeled.labels, labeled.classes, classes, names), "hungarian")
    else:
        run = args.run or Path("runs", args.name)
        images = args.images or Path(read(run / "checkpoint.pt")["images"])
        files = list_folder(images)
        paths = [files.root / path for path in files.paths]
        classes, embeddings = look(model, paths)
        sizes = torch.bincount(classes, minlength=len(names)).tolist()
        shown = [[paths[i] for i in own] for own in typical(classes, embeddings, len(names))]
        run.mkdir(parents=True, exist_ok=True)
        page = run / "classes.html"
        page.write_text(sheet(args.name, names, sizes, shown))
        print(f"Open {page.resolve().as_uri()} and name each class (Enter keeps the present name):")
        rename(model, ask(names, sizes), "person")
    print(", ".join(read_manifest(model)["classes"]))
