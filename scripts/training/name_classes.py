"""Gives the classes of a model their names, by what they hold.

    npm run name-classes -- NAME                       shows the most typical pictures of each class, and asks
    npm run name-classes -- NAME --names cat,dog,...   takes the names in the order of the classes
    npm run name-classes -- NAME --labelled DIR        takes them from a few pictures of each, in folders of their names

The pictures are those of the run (``runs/NAME``), or of ``--images``. They are shown in ``runs/NAME/classes.html``, which
holds them in small. Folders of pictures are matched one to one with the classes that fit them best (Hungarian map); where
there are more classes than folders, the rest keep their numbers. The weights stay as they are.
"""

from __future__ import annotations

import argparse
import base64
import html
import io
import json
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from scipy.optimize import linear_sum_assignment
from torch import Tensor

import publish
from card import write_card
from export import labels_module
from graph import open_graph
from images import decode, list_folder
from metrics import contingency

SHOWN = 24  # pictures a class
THUMBNAIL = 112  # pixels
STYLE = """
body { font: 16px system-ui; margin: 2rem; background: #fff; color: #222 }
h2 { margin: 2rem 0 .5rem; font-size: 1rem } h2 small { color: #666; font-weight: normal }
section div { display: flex; flex-wrap: wrap; gap: 4px }
"""


def look(model: Path, paths: list[Path]) -> tuple[Tensor, Tensor]:
    """The class of every picture, ``[N]``, and its unit embedding ``[N, D]``, by the fp32 file."""
    manifest = json.loads((model / "manifest.json").read_text())
    predict = open_graph(model / next(f["file"] for f in manifest["files"] if f["precision"] == "fp32"))
    classes, embeddings = [], []
    for start in range(0, len(paths), 200):
        part = [decode(path, manifest["input"]["width"]) for path in paths[start : start + 200]]
        probabilities, embedding = predict(torch.stack(part).permute(0, 2, 3, 1).contiguous())
        classes.append(probabilities.argmax(1))
        embeddings.append(embedding)
    return torch.cat(classes), torch.cat(embeddings)


def typical(classes: Tensor, embeddings: Tensor, count: int) -> list[list[int]]:
    """For each of ``count`` classes its pictures that are nearest to their mean, the nearest first."""
    found = []
    for number in range(count):
        own = (classes == number).nonzero().flatten()
        middle = F.normalize(embeddings[own].sum(0), dim=0)
        nearest = (embeddings[own] @ middle).argsort(descending=True, stable=True)
        found.append(own[nearest[:SHOWN]].tolist())
    return found


def thumbnail(path: Path) -> str:
    """An ``<img>`` that holds the picture, as the network sees it."""
    pixels = decode(path, THUMBNAIL).permute(1, 2, 0).numpy()
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=80)
    data = base64.b64encode(file.getvalue()).decode()
    return f'<img src="data:image/jpeg;base64,{data}" title="{html.escape(path.name)}" alt="">'


def sheet(name: str, names: list[str], sizes: list[int], pictures: list[list[Path]]) -> str:
    """The page: a section a class."""
    sections = [
        f"<section><h2>{number + 1}. {html.escape(label)} <small>{size} pictures</small></h2>"
        f"<div>{''.join(map(thumbnail, shown))}</div></section>"
        for number, (label, size, shown) in enumerate(zip(names, sizes, pictures, strict=True))
    ]
    head = f"<!doctype html><meta charset=utf-8><title>{name}</title><style>{STYLE}</style>"
    return f"{head}<h1>Classes of {name}</h1>{''.join(sections)}\n"


def ask(names: list[str], sizes: list[int]) -> list[str]:
    """The names that a person types, one a class; none keeps the name as it is."""
    given: list[str] = []
    for number, (name, size) in enumerate(zip(names, sizes, strict=True)):
        while True:
            answer = input(f"{number + 1}. {name} ({size} pictures): ").strip() or name
            if answer not in given:
                break
            print(f"{answer} is another class already; say what is different here")
        given.append(answer)
    return given


def match(labels: Tensor, folders: list[str], classes: Tensor, names: list[str]) -> list[str]:
    """The names with those replaced that pictures of known kinds tell: the one-to-one map that most of them agree with.

    Args:
        labels, classes: ``[N]``: folder and class of each picture.
    """
    if len(folders) > len(names):
        raise SystemExit(f"--labelled: {len(folders)} folders, the model has {len(names)} classes")
    seen = contingency(classes.numpy(), labels.numpy())
    table = np.zeros((len(names), len(folders)), dtype=np.int64)
    table[: len(seen), : seen.shape[1]] = seen
    matched = list(names)
    for number, folder in zip(*linear_sum_assignment(table, maximize=True), strict=True):
        matched[number] = folders[folder]
    return matched


def rename(model: Path, names: list[str], how: str) -> None:
    """Writes the names into the manifest, the card and ``labels.d.ts``.

    Args:
        how: ``classNames`` of the manifest.
    """
    path = model / "manifest.json"
    manifest = json.loads(path.read_text())
    if len(names) != len(manifest["classes"]):
        raise SystemExit(f"--names: {len(names)} names, the model has {len(manifest['classes'])} classes")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise SystemExit(f"--names: {', '.join(twice)}: more than once")
    manifest |= {"classes": names, "classNames": how}
    manifest.pop("classIds", None)
    path.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
    write_card(model)
    (model.parent / "labels.d.ts").write_text(labels_module(model.parent))


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("name", help="name of the model")
    parser.add_argument("--names", help="names in the order of the classes, with commas between them")
    parser.add_argument("--labelled", type=Path, help="a few pictures of each class, in folders of their names")
    parser.add_argument("--run", type=Path, help="folder of the run (default: runs/NAME)")
    parser.add_argument("--images", type=Path, help="pictures to show (default: those of the run)")
    args = parser.parse_args(arguments)
    model = publish.MODELS / args.name
    if not (model / "manifest.json").exists():
        raise SystemExit(f"{args.name}: no such model in {publish.MODELS}")
    names: list[str] = json.loads((model / "manifest.json").read_text())["classes"]
    if args.names:
        rename(model, [name.strip() for name in args.names.split(",")], "person")
    elif args.labelled:
        labelled = list_folder(args.labelled)
        if labelled.labels is None:
            raise SystemExit(f"--labelled: {args.labelled} has no folders of pictures, one a class")
        classes, _ = look(model, [labelled.root / path for path in labelled.paths])
        rename(model, match(labelled.labels, labelled.classes, classes, names), "hungarian")
    else:
        run = args.run or Path("runs", args.name)
        images = args.images or Path(torch.load(run / "checkpoint.pt", weights_only=True)["images"])
        files = list_folder(images)
        paths = [files.root / path for path in files.paths]
        classes, embeddings = look(model, paths)
        sizes = torch.bincount(classes, minlength=len(names)).tolist()
        shown = [[paths[i] for i in own] for own in typical(classes, embeddings, len(names))]
        run.mkdir(parents=True, exist_ok=True)
        page = run / "classes.html"
        page.write_text(sheet(args.name, names, sizes, shown))
        print(f"Open {page.resolve().as_uri()} and say what each class shows (Enter keeps the name in front):")
        rename(model, ask(names, sizes), "person")
    print(", ".join(json.loads((model / "manifest.json").read_text())["classes"]))


if __name__ == "__main__":
    main(sys.argv[1:])
