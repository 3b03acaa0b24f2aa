"""How far a model's frozen embedding carries to other data: kNN@20 and a linear probe, beside other models.

    python scripts/training/transfer.py --model model/NAME [--beside model/OTHER ...] --data CIFAR-10 --train DIR --test DIR

Each model sees the images at its own size. Records the figures of the int8 files in ``evaluation.json`` of the first
model and writes its card anew.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from card import write_card
from evaluate import load_labelled, representation_scores
from graph import open_graph, predict_all


def transfer(model: Path, train: Path, test: Path) -> dict[str, float]:
    """``knn20`` and ``linear`` of the model's int8 file on ``test``, learned from ``train``: class folders both."""
    manifest = json.loads((model / "manifest.json").read_text())
    predict = open_graph(model / next(f["file"] for f in manifest["files"] if f["precision"] == "int8"))
    sides = []
    for path, argument in ((train, "--train"), (test, "--test")):
        folder = load_labelled(path, manifest["input"]["width"], argument)
        sides += [predict_all(predict, folder.pixels.permute(0, 2, 3, 1))[1], folder.labels]
    scores = representation_scores(*sides)
    return {key: round(scores[key], 4) for key in ("knn20", "linear")}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--model", type=Path, required=True, help="folder of the model")
    parser.add_argument("--beside", type=Path, nargs="*", default=[], help="folders of models to compare with")
    parser.add_argument("--data", required=True, help="name of the data, for the card")
    parser.add_argument("--train", type=Path, required=True, help="class folders: the neighbours, the probe")
    parser.add_argument("--test", type=Path, required=True, help="class folders to measure on")
    args = parser.parse_args(arguments)
    file = args.model / "evaluation.json"
    models = {model.resolve().name: transfer(model, args.train, args.test) for model in (args.model, *args.beside)}
    evaluation = json.loads(file.read_text())
    evaluation.setdefault("transfer", {})[args.data] = models
    file.write_text(json.dumps(evaluation) + "\n")
    write_card(args.model)
    print(models)


if __name__ == "__main__":
    main(sys.argv[1:])
