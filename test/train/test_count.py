"""``--classes auto``: the number of classes comes from the images."""

import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from textures import eight_kinds, write_folder

from training import train
from training.stages.checkpoint import read
from training.stages.count import candidates, count_classes, measure, table


def clusters(classes: int, images: int = 600, dimensions: int = 32, noise: float = 0.08) -> torch.Tensor:
    """Unit vectors around random centers."""
    rng = torch.Generator().manual_seed(classes)
    centers = F.normalize(torch.randn(classes, dimensions, generator=rng), dim=1)
    vectors = centers[torch.arange(images) % classes] + noise * torch.randn(images, dimensions, generator=rng)
    return F.normalize(vectors, dim=1)


@pytest.mark.parametrize("classes", [2, 3, 5, 8, 12])
def test_clear_clusters_are_counted_exactly(classes, monkeypatch):
    monkeypatch.setattr("training.stages.count.candidates", lambda images: list(range(2, 3 * classes // 2 + 3)))
    chosen, counts = count_classes(clusters(classes))
    assert chosen == classes
    assert f"{chosen:7}  " in table(counts, chosen) and table(counts, chosen).count("chosen") == 1


def test_too_many_classes_are_not_found_again_in_other_images():
    right, twice = (measure(clusters(5), classes) for classes in (5, 10))
    assert right.stability > 0.99 and twice.stability < 0.75
    assert right.effective == pytest.approx(5, abs=0.1) and right.smallest > 0.15


def test_few_images_allow_few_classes():
    assert candidates(30) == [2] and candidates(100) == [2, 3, 4, 5]
    assert candidates(100_000)[-1] <= 100 and candidates(100_000)[:19] == list(range(2, 21))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run on 2,000 textures of eight kinds, without labels."""
    root, run = tmp_path_factory.mktemp("textures"), tmp_path_factory.mktemp("run")
    for i, image in enumerate(eight_kinds(2000)[0]):
        Image.fromarray(image.permute(1, 2, 0).numpy()).save(root / f"{i:04}.png")
    train.main([
        *("--images", str(root), "--run", str(run), "--classes", "auto", "--preset", "photos-cpu", "--device", "cpu"),
        *("--stem", "cifar", "--size", "16", "--early-size", "0", "--depth", "10", "--width", "8", "--hidden", "64"),
        *("--dimensions", "32", "--batch", "200", "--epochs", "25", "--minutes", "0", "--lr", "0.03", "--over", "2"),
        *("--crop-scale", "0.4", "1", "--neighbor-from", "1", "--graph-neighbors", "20"),
    ])  # fmt: skip
    return run


def test_eight_kinds_of_textures_come_out_as_eight_classes(run):
    state = read(run / "refined.pt")
    assert state["config"]["classes"] == 8 and state["config"]["heads"] == [8, 20]
    assert [count["classes"] for count in state["counts"]][:3] == [2, 3, 4]


def test_a_person_may_choose_otherwise_without_pretraining_again(run):
    before = (run / "checkpoint.pt").read_bytes()
    train.main(["--run", str(run), "--classes", "5", "--device", "cpu"])
    assert read(run / "refined.pt")["config"]["classes"] == 5
    assert (run / "checkpoint.pt").read_bytes() == before


@pytest.mark.parametrize("classes", ["1", "many"])
def test_a_number_of_classes_that_is_none_is_refused(classes, tmp_path, capsys):
    with pytest.raises(SystemExit):
        train.main(["--run", str(tmp_path), "--classes", classes])
    assert "expected a number from 2, or auto" in capsys.readouterr().err


def test_auto_needs_new_heads(tmp_path):
    images = write_folder(tmp_path / "images", 6)
    with pytest.raises(SystemExit, match="--graph-neighbors"):
        train.main(["--images", str(images), "--run", str(tmp_path), "--classes", "auto", "--graph-neighbors"])
