"""One's own pictures, of any size and without labels, to a model with named classes."""

import base64
import hashlib
import itertools
import json
import re
from pathlib import Path

from training import name_classes
from training import publish
import pytest
import torch
from training import train
from training.data.images import decode
from training.model.manifest import path_of
from training.model.onnx_files import open_graph, predict_all
from training.naming.pictures import open_pictures
from training.naming.session import Session
from training.report import words
from PIL import Image
from textures import NAMES, textures


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    """240 textures in one folder, some larger and none square."""
    root = tmp_path_factory.mktemp("photos")
    images, labels = textures(240, 48)
    for i, (image, label) in enumerate(zip(images, labels.tolist(), strict=True)):
        picture = Image.fromarray(image.permute(1, 2, 0).numpy())
        picture = picture.crop((0, 0, 48 - i % 5, 40 + i % 7))
        if i % 2:
            picture = picture.resize((2 * picture.width, 2 * picture.height))
        picture.save(root / f"{i:03}-{NAMES[label]}.{['png', 'webp'][i % 2]}")
    return root


@pytest.fixture(scope="module")
def run(pictures, tmp_path_factory):
    """A run of that folder, by the command that the README gives: folder of the run and folder of the models."""
    run, models = tmp_path_factory.mktemp("run"), tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publish, "MODELS", models)
        train.main([
            *("--images", str(pictures), "--classes", "3", "--name", "pets", "--run", str(run), "--device", "cpu"),
            *("--preset", "photos-cpu", "--epochs", "40", "--minutes", "0", "--size", "24", "--early-size", "0"),
            *("--depth", "10", "--width", "4", "--hidden", "32", "--dimensions", "16", "--batch", "80"),
            *("--over", "3", "--graph-neighbors", "10", "--crop-scale", "0.5", "1"),
        ])  # fmt: skip
    return run, models


@pytest.fixture
def model(run, monkeypatch):
    monkeypatch.setattr(publish, "MODELS", run[1])
    before = {path: path.read_bytes() for path in run[1].rglob("*") if path.is_file()}
    yield run[1] / "pets"
    for path, data in before.items():
        path.write_bytes(data)


def manifest(model: Path) -> dict:
    return json.loads((model / "manifest.json").read_text())


def test_a_run_with_a_name_ends_as_a_model(model, capfd):
    told = manifest(model)
    assert told["classes"] == ["class-0", "class-1", "class-2"] and told["classNames"] == "numbered"
    assert all(file["metrics"]["agreement"] > 0.8 for file in told["files"])
    assert "pets: 'class-0' | 'class-1' | 'class-2'" in (model.parent / "labels.d.ts").read_text()
    assert told["license"] == "UNLICENSED"


def test_what_is_published_has_been_run_in_onnxruntime_web(run, pictures, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(publish, "MODELS", tmp_path)
    publish.publish(run[0], pictures, "pets")
    said = capfd.readouterr().out
    assert re.search(r"pets\.int8\.onnx matches its manifest in onnxruntime-web", said)
    assert "npm run name-classes -- pets" in said and "model=pets" in said


def test_names_are_refused_before_anything_is_trained(model, pictures, tmp_path):
    for name, reason in (("Pets!", "lower-case"), ("pets", "exists")):
        with pytest.raises(SystemExit, match=reason):
            train.main(["--images", str(pictures), "--name", name, "--run", str(tmp_path / "run")])
    assert not (tmp_path / "run").exists()


def test_few_pictures_are_said_to_be_few(pictures, tmp_path, capsys):
    def warned(classes: int) -> bool:
        toy = ("--epochs", "1", "--graph-neighbors", "--size", "16", "--early-size", "0", "--width", "4")
        train.main(["--images", str(pictures), "--run", str(tmp_path), "--classes", str(classes), "--over", "2", *toy])
        return "240 images are few" in capsys.readouterr().out

    assert warned(3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(words, "FEW", 80)
        assert not warned(3)


def test_what_a_person_makes_of_the_classes_is_what_the_files_answer(model, run, pictures):
    seen = open_pictures(model, pictures, run[0])
    session = Session(model, run[0], seen)
    sizes = [entry["size"] for entry in session.describe()["classes"]]
    assert sum(sizes) == len(seen.paths) == 240 and not session.describe()["canUndo"]
    session.edit("rename", {"class": 0, "name": "dots"})
    session.edit("save", {})
    told = manifest(model)
    assert told["classes"] == ["dots", "class-1", "class-2"] and told["classNames"] == "person"
    assert "A person named the classes" in (model / "card.md").read_text()
    assert "'dots'" in (model.parent / "labels.d.ts").read_text()

    session.edit("split", {"class": max(range(3), key=sizes.__getitem__)})
    session.edit("merge", {"classes": [0, 1]})
    session.edit("save", {})
    told = manifest(model)
    assert told["classes"] == list(session.state.classes.names) and len(told["classes"]) == 3
    assert "2 times a person merged or split classes" in (model / "card.md").read_text()
    for file in told["files"]:
        path = model / file["file"]
        assert file["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest() and set(file["metrics"]) == {"agreement"}
        image = torch.frombuffer(bytearray(base64.b64decode(told["golden"]["input"])), dtype=torch.uint8).view(1, 24, 24, 3)
        expected = torch.tensor(told["golden"]["outputs"][file["precision"]]["probabilities"])
        assert (open_graph(path)(image)[0][0] - expected).abs().max() < 1e-5

    session.edit("label", {"picture": 7, "name": "a dot"})
    session.edit("label", {"picture": 8, "name": "none"})
    session.edit("undo", {})
    # The page opens with what was saved, and works the pictures out only once.
    (run[0] / "naming" / "0.jpg").unlink()
    again = Session(model, run[0], open_pictures(model, pictures, run[0]))
    assert again.state.classes.names == session.state.classes.names and torch.equal(again.assigned, session.assigned)
    assert again.state.labels == {7: "a dot"}
    assert not (run[0] / "naming" / "0.jpg").exists()


def test_a_model_that_cannot_be_written_stays_as_it_was(model, run, pictures):
    session = Session(model, run[0], open_pictures(model, pictures, run[0]))
    session.edit("merge", {"classes": [0, 1]})
    before = {path.name: path.read_bytes() for path in model.iterdir()}
    # Embeddings of other pictures: the files would not answer what the page shows.
    session.pictures.embeddings = -session.pictures.embeddings
    with pytest.raises(RuntimeError, match="otherwise than the page"):
        session.edit("save", {})
    assert {path.name: path.read_bytes() for path in model.iterdir()} == before


def test_another_folder_of_images_is_looked_at_anew(model, run, pictures, tmp_path):
    few = tmp_path / "few"
    few.mkdir()
    for path in sorted(pictures.iterdir())[:20]:
        (few / path.name).write_bytes(path.read_bytes())
    (few / "broken.jpg").write_bytes(b"no picture")
    seen = open_pictures(model, few, run[0])
    assert len(seen.paths) == 20 and [text.split(":")[0] for text in seen.damaged] == ["broken.jpg"]


def test_a_few_pictures_of_each_kind_name_the_classes(model, pictures, tmp_path):
    for i, path in enumerate(sorted(pictures.iterdir())[:30]):
        folder = tmp_path / path.stem.split("-")[1]
        folder.mkdir(exist_ok=True)
        (folder / f"{i}{path.suffix}").write_bytes(path.read_bytes())
    name_classes.main(["pets", "--labeled", str(tmp_path)])
    told = manifest(model)
    assert sorted(told["classes"]) == NAMES and told["classNames"] == "hungarian"

    # No other way to give these names agrees with more of the pictures.
    paths = sorted(tmp_path.rglob("*.*"))
    sample = torch.stack([decode(path, told["input"]["width"]) for path in paths]).permute(0, 2, 3, 1)
    classes = predict_all(open_graph(path_of(model, "fp32")), sample)[0].argmax(1)

    def agreeing(names) -> int:
        return sum(path.parent.name == names[number] for path, number in zip(paths, classes, strict=True))

    assert agreeing(told["classes"]) == max(map(agreeing, itertools.permutations(NAMES)))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["pets", "--names", "one,two"], "expected 3 names, one per class, got 2"),
        (["pets", "--names", "cat,dog,cat"], "cat: more than once"),
        (["nothing"], "Expected the name of a model"),
    ],
)
def test_names_that_do_not_fit_are_refused(model, options, reason):
    before = (model / "manifest.json").read_bytes()
    with pytest.raises(SystemExit, match=reason):
        name_classes.main(options)
    assert (model / "manifest.json").read_bytes() == before


def test_another_number_of_classes_renews_the_model_without_pretraining(model, run, capfd):
    before = (run[0] / "checkpoint.pt").read_bytes()
    train.main(["--run", str(run[0]), "--classes", "2", "--device", "cpu"])
    told = manifest(model)
    assert told["classes"] == ["class-0", "class-1"] and told["training"]["recipe"]["classes"] == 2
    assert (run[0] / "checkpoint.pt").read_bytes() == before
    with pytest.raises(SystemExit, match="exists"):
        train.main(["--run", str(run[0]), "--name", "pets", "--device", "cpu"])
