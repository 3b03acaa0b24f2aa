"""Figures of what the served model answered."""

import json

import numpy as np
import pytest
from training import score
from training.report.plots import plot_reliability

CLASSES = ["blue", "red"]


@pytest.fixture
def model(tmp_path):
    """A model's folder, and no card: that is tested with the export."""
    folder = tmp_path / "colors"
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps({"classes": CLASSES}))
    (folder / "evaluation.json").write_text(json.dumps({"confusion": None}))
    return folder


def write_outputs(path, labels, probabilities, name="colors", folder=None):
    header = {"model": name, "precision": "int8", "paths": [f"{folder or CLASSES[k]}/{i}.png" for i, k in enumerate(labels)]}
    embeddings = np.eye(2)[labels]  # neighbors are right whatever the classifier says
    rows = np.hstack([probabilities, embeddings]).astype("<f4")
    path.write_bytes(json.dumps(header).encode() + b"\n" + rows.tobytes())
    return str(path)


def test_figures_are_of_the_answers_in_the_file(model, tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(score, "write_card", written.append)
    labels = [0, 1] * 20
    right = np.array([[0.8, 0.2], [0.2, 0.8]])[labels]
    wrong = right.copy()
    wrong[:10] = right[:10, ::-1]
    bank = write_outputs(tmp_path / "train.out", labels, right)
    test = write_outputs(tmp_path / "test.out", labels, wrong)
    said = tmp_path / "predictions.json"
    said.write_text(json.dumps({f"{CLASSES[k]}/{i}.png": CLASSES[k] for i, k in enumerate(labels)}))
    score.main(["--model", str(model), "--labeled", bank, "--test", test, "--predictions", str(said)])
    evaluation = json.loads((model / "evaluation.json").read_text())
    figures = evaluation["web"]["int8"]
    assert (figures["accuracy"], figures["agreement"], figures["knn20"]) == (0.75, 0.75, 1.0)
    assert figures["ece"] == pytest.approx(0.05, abs=1e-4)
    assert evaluation["confusion"] == [[15, 5], [5, 15]]
    assert written == [model]


def test_folders_are_those_of_the_class_ids(model, tmp_path, monkeypatch):
    monkeypatch.setattr(score, "write_card", lambda folder: None)
    (model / "manifest.json").write_text(json.dumps({"classes": ["navy", "crimson"], "classIds": CLASSES}))
    right = np.array([[0.8, 0.2], [0.2, 0.8]] * 20)
    bank, test = (write_outputs(tmp_path / name, [0, 1] * 20, right) for name in ("train.out", "test.out"))
    said = tmp_path / "predictions.json"
    said.write_text(json.dumps({f"{CLASSES[i % 2]}/{i}.png": ["navy", "crimson"][i % 2] for i in range(40)}))
    score.main(["--model", str(model), "--labeled", bank, "--test", test, "--predictions", str(said)])
    figures = json.loads((model / "evaluation.json").read_text())["web"]["int8"]
    assert (figures["accuracy"], figures["agreement"]) == (1, 1)


@pytest.mark.parametrize(
    ("name", "folder", "message"),
    [("shapes", None, "outputs of the model colors, got shapes and colors"), ("colors", "green", "green: no class of the model")],
)
def test_answers_of_another_model_are_refused(model, tmp_path, name, folder, message):
    half = np.full((2, 2), 0.5)
    bank = write_outputs(tmp_path / "train.out", [0, 1], half, name, folder)
    test = write_outputs(tmp_path / "test.out", [0, 1], half)
    with pytest.raises(ValueError, match=message):
        score.main(["--model", str(model), "--labeled", bank, "--test", test])


def test_too_few_images_to_draw_are_no_error(tmp_path):
    plot_reliability([[0.5, 0.4, 3]], [[0.6, 0.4, 3]], tmp_path / "reliability.svg")
    assert (tmp_path / "reliability.svg").stat().st_size > 0
