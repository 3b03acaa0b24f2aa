"""Ctrl-C in any stage keeps what is done, and --resume ends as an uninterrupted run does."""

import pytest
import torch
from textures import write_folder
from training import export_model, publish, train
from training.data import store
from training.stages.loop import Loop

STAGES = ("epoch", "self-label", "distill")


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return write_folder(tmp_path_factory.mktemp("images"), 120, class_folders=False)


def command(run, images) -> None:
    train.main([
        *("--run", str(run), "--images", str(images), "--name", "dots", "--preset", "cifar10-cpu", "--device", "cpu"),
        *("--classes", "3", "--main-heads", "2", "--over", "2", "--depth", "10", "--width", "4", "--size", "16"),
        *("--hidden", "16", "--dimensions", "8", "--early-size", "0", "--batch", "40", "--minutes", "0", "--lr", "0.05"),
        *("--graph-neighbors", "10", "--label-epochs", "3", "--label-agreement", "0", "--student-depth", "10", "--student-width", "4"),
        *("--student-epochs", "3", "--epochs", "3"),
    ])  # fmt: skip


def resume(run) -> None:
    train.main(["--run", str(run), "--resume", "--device", "cpu"])


@pytest.fixture(autouse=True)
def models(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("models")
    monkeypatch.setattr(publish, "MODELS", folder)
    return folder


@pytest.fixture(scope="module")
def whole(images, tmp_path_factory):
    """The end of a run that nobody stopped."""
    run = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publish, "MODELS", tmp_path_factory.mktemp("whole-models"))
        command(run, images)
    return torch.load(run / "student.pt", weights_only=True)


@pytest.mark.parametrize("stage", STAGES)
def test_a_run_that_is_stopped_in_a_stage_ends_as_one_that_is_not(stage, images, whole, models, tmp_path, monkeypatch, capsys):
    run_epoch = Loop.run_epoch

    def stopped(self, *arguments, **options):
        if self.name == stage and self.epoch == 2:
            raise KeyboardInterrupt
        return run_epoch(self, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Loop, "run_epoch", stopped)
        with pytest.raises(SystemExit, match=f"Stopped. .* keeps {2 if stage == 'epoch' else 3} epochs. Continue with: .*--resume"):
            command(tmp_path, images)
    kept = {path: path.read_bytes() for path in tmp_path.glob("*.pt")} if stage != "epoch" else {}
    capsys.readouterr()
    epochs = []
    monkeypatch.setattr(Loop, "run_epoch", lambda self, *a, **o: (epochs.append(self.name), run_epoch(self, *a, **o))[1])
    resume(tmp_path)
    # One epoch of the stage, and all of the later ones.
    later = [name for name in STAGES[STAGES.index(stage) + 1 :] for _ in range(3)]
    assert epochs == [stage, *later]
    assert all(path.read_bytes() == data for path, data in kept.items())
    ended = torch.load(tmp_path / "student.pt", weights_only=True)
    for name, value in whole["network"].items():
        assert torch.equal(ended["network"][name], value), name
    assert (models / "dots" / "manifest.json").exists()
    said = capsys.readouterr().out
    assert "neighbors: " in said and ("without classes: the classes are" in said) == (stage == "epoch")

    # Done: nothing is trained or written again, names that were given stay.
    manifest = (models / "dots" / "manifest.json").read_bytes()
    epochs.clear()
    resume(tmp_path)
    assert epochs == [] and (models / "dots" / "manifest.json").read_bytes() == manifest


def test_a_run_that_is_stopped_while_it_reads_or_writes_goes_on(images, models, tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(store, "read_image", interrupt)
        with pytest.raises(SystemExit, match="before anything was saved"):
            command(tmp_path, images)
    with monkeypatch.context() as patch:
        patch.setattr(export_model, "write_int8", interrupt)
        with pytest.raises(SystemExit, match="Continue with"):
            command(tmp_path, images)
    assert not (models / "dots").exists()
    resume(tmp_path)
    assert (models / "dots" / "manifest.json").exists()


@pytest.mark.parametrize(("stage", "said"), [("self-label", "is as it was"), ("distill", "has the new classes")])
def test_choosing_again_that_is_stopped_says_what_the_run_has(stage, said, images, tmp_path, monkeypatch):
    command(tmp_path, images)
    before = {path: path.read_bytes() for path in tmp_path.glob("*.pt")}
    run_epoch = Loop.run_epoch

    def stopped(self, *arguments, **options):
        if self.name == stage:
            raise KeyboardInterrupt
        return run_epoch(self, *arguments, **options)

    monkeypatch.setattr(Loop, "run_epoch", stopped)
    with pytest.raises(SystemExit, match=said):
        train.main(["--run", str(tmp_path), "--classes", "4", "--device", "cpu"])
    after = {path: path.read_bytes() for path in tmp_path.glob("*.pt")}
    assert (after == before) == (said == "is as it was")
