"""Measures how well the frozen embedding of a model works on other data, beside other models: kNN@20 and linear probe.

    npm run model -- transfer --model model/NAME [--beside model/OTHER ...] --data CIFAR-10 --train DIR --test DIR

Each model sees the images at its own size. Records the figures of the int8 files for the first model, and writes its
card again.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from training.data.images import load_labeled
from training.model.evaluation import read_evaluation, write_evaluation
from training.model.manifest import path_of, read_manifest
from training.model.onnx_files import open_graph, predict_all
from training.report.card import write_card
from training.report.metrics import representation_scores


def transfer(model: Path, train: Path, test: Path) -> dict[str, float]:
    """``knn20`` and ``linear`` of the int8 file of a model on ``test``, fitted on ``train``. Both have class folders."""
    predict, size = open_graph(path_of(model, "int8")), read_manifest(model)["input"]["width"]
    sides = []
    for path, option in ((train, "--train"), (test, "--test")):
        folder = load_labeled(path, size, option)
        sides += [predict_all(predict, folder.pixels.permute(0, 2, 3, 1))[1], folder.labels]
    scores = representation_scores(*sides)
    return {key: round(scores[key], 4) for key in ("knn20", "linear")}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="transfer", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--model", type=Path, required=True, help="folder of the model")
    parser.add_argument("--beside", type=Path, nargs="*", default=[], help="folders of models to compare with")
    parser.add_argument("--data", required=True, help="name of the data, for the card")
    parser.add_argument("--train", type=Path, required=True, help="class folders for the neighbors and the probe")
    parser.add_argument("--test", type=Path, required=True, help="class folders to measure on")
    args = parser.parse_args(arguments)
    models = {model.resolve().name: transfer(model, args.train, args.test) for model in (args.model, *args.beside)}
    evaluation = read_evaluation(args.model)
    evaluation.setdefault("transfer", {})[args.data] = models
    write_evaluation(args.model, evaluation)
    write_card(args.model)
    print(models)
