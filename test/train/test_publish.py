"""One's own pictures, of any size and without labels, to a model with named classes."""

import itertools
import json
import re
from pathlib import Path

from training import name_classes
from training import publish
import pytest
import torch
from training import train
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
        patch.setattr(train, "FEW", 80)
        assert not warned(3)


def test_a_person_names_classes_by_their_most_typical_pictures(model, run, pictures, monkeypatch, capsys):
    answers = iter(["stripes", "stripes", "dots", ""])
    monkeypatch.setattr("builtins.input", lambda prompt: next(answers))
    name_classes.main(["pets", "--run", str(run[0])])
    assert "Another class is called stripes" in capsys.readouterr().out
    told = manifest(model)
    assert told["classes"] == ["stripes", "dots", "class-2"] and told["classNames"] == "person"
    assert "A person named the classes" in (model / "card.md").read_text()
    assert "'dots'" in (model.parent / "labels.d.ts").read_text()
    page = (run[0] / "classes.html").read_text()
    counts = [int(count) for count in re.findall(r"<small>(\d+) images", page)]
    assert sum(counts) == 240
    assert page.count("<img") == sum(min(count, name_classes.SHOWN) for count in counts)


def test_typical_pictures_are_the_nearest_to_the_mean_of_their_class():
    embeddings = torch.nn.functional.normalize(torch.tensor([[1.0, 0.9], [1, 0], [0, 1], [1, 0.4], [0.1, 1]]), dim=1)
    assert name_classes.typical(torch.tensor([0, 0, 1, 0, 1]), embeddings, 3) == [[3, 0, 1], [2, 4], []]


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
    classes, _ = name_classes.look(model, paths)

    def agreeing(names) -> int:
        return sum(path.parent.name == names[number] for path, number in zip(paths, classes, strict=True))

    assert agreeing(told["classes"]) == max(map(agreeing, itertools.permutations(NAMES)))


def test_fewer_kinds_than_classes_leave_the_others_their_numbers():
    labels, classes = torch.tensor([0, 0, 1, 1]), torch.tensor([2, 2, 0, 1])
    assert name_classes.match(labels, ["cat", "dog"], classes, ["a", "b", "c"]) in (["dog", "b", "cat"], ["a", "dog", "cat"])
    with pytest.raises(SystemExit, match="--labeled"):
        name_classes.match(labels, ["cat", "dog"], classes, ["a"])


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
