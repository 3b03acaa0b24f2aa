"""Training on a small set of textures: it learns, it resumes, it takes any folder."""

import itertools
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from training import train
from training.nn.augment import augment
from training.data.images import Folder, list_folder, load_folder
from training.nn.loss import self_classifier_loss
from training.report.metrics import hungarian_accuracy
from training.data.neighbors import NeighborQueue, draw_partners, nearest_neighbors
from training.nn.network import SelfClassifier, build
from training.nn.optimize import schedule
from training.stages.pretrain import Trainer
from training.recipe import Config
from textures import NAMES, textures, write_folder

TOY = [
    *("--preset", "cifar10-cpu"),
    *("--classes", "3", "--main-heads", "2", "--over", "3", "--depth", "10", "--width", "8", "--size", "16"),
    *("--hidden", "32", "--dimensions", "16", "--early-size", "0", "--queue", "0", "--batch", "100"),
    *("--minutes", "0", "--lr", "0.1", "--device", "cpu", "--warmup", "0.3", "--crop-scale", "0.5", "1"),
    "--graph-neighbors",
]


def run(folder: Path, images: Path | None = None, *more: str) -> dict:
    arguments = ["--run", str(folder), *(["--images", str(images)] if images else []), *TOY, *more]
    train.main(arguments)
    return torch.load(folder / "checkpoint.pt", weights_only=True)


def clusters(network: SelfClassifier, images: torch.Tensor) -> torch.Tensor:
    network.eval()
    with torch.no_grad():
        return network.logits(network(images.float())[1])[0].argmax(1)


def restore(state: dict) -> SelfClassifier:
    network = build(state["config"])
    network.load_state_dict(state["network"])
    return network


def test_learns_three_textures_without_labels(tmp_path):
    images = write_folder(tmp_path / "images", 600, class_folders=False)
    state = run(tmp_path / "run", images, "--epochs", "40")
    unseen, labels = textures(300, seed=1)
    assert hungarian_accuracy(clusters(restore(state), unseen).numpy(), labels.numpy()) > 0.9


def toy_training(loss_of, steps: int = 120) -> torch.Tensor:
    """The same small network and views under another loss; the clusters that it ends with."""
    torch.manual_seed(0)
    images, _ = textures(600)
    network = SelfClassifier(10, 8, "cifar", 32, 16, [3])
    optimizer = torch.optim.SGD(network.parameters(), 0.1, momentum=0.9)
    rng = torch.Generator().manual_seed(0)
    for _ in range(steps):
        batch = images[torch.randperm(600, generator=rng)[:100]]
        a, b = (network.logits(network(augment(batch, 16, (0.5, 1.0), rng))[1])[0] for _ in range(2))
        optimizer.zero_grad()
        loss_of(a, b).backward()
        optimizer.step()
    return clusters(network, images)


def test_without_the_uniform_prior_it_collapses_and_with_it_it_does_not():
    def plain_cross_entropy(a, b):
        def one_way(target, prediction):
            return -((target / 0.05).softmax(1) * (prediction / 0.1).log_softmax(1)).sum(1).mean()

        return one_way(a, b) + one_way(b, a)

    collapsed = toy_training(plain_cross_entropy).bincount(minlength=3) / 600
    balanced = toy_training(lambda a, b: self_classifier_loss([[a], [b]], [[a], [b]]).mean()).bincount(minlength=3) / 600
    assert collapsed.max() > 0.95
    assert balanced.max() < 0.75


def test_a_resumed_run_ends_with_the_weights_of_an_uninterrupted_one(tmp_path):
    images = write_folder(tmp_path / "images", 300)
    more = ("--epochs", "4", "--queue", "128", "--small-crops", "1", "--small-size", "8", "--neighbor-from", "0.4")
    whole = run(tmp_path / "whole", images, *more)

    # Ends the second run after two epochs, as a crash would: between two checkpoints.
    class Crash(Exception):
        pass

    epoch = Trainer.epoch

    def crash_at_third(self, show_bar=True):
        if self.loop.epoch == 2:
            raise Crash
        return epoch(self, show_bar)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "epoch", crash_at_third)
        with pytest.raises(Crash):
            run(tmp_path / "broken", images, *more)
    resumed = run(tmp_path / "broken", None, "--resume", *more)

    assert resumed["epoch"] == whole["epoch"] == 4
    for name, value in whole["network"].items():
        assert torch.equal(resumed["network"][name], value), name


def test_the_seed_decides_everything(tmp_path):
    images = write_folder(tmp_path / "images", 200)
    one = run(tmp_path / "one", images, "--epochs", "1")
    same = run(tmp_path / "same", images, "--epochs", "1")
    other = run(tmp_path / "other", images, "--epochs", "1", "--seed", "7")
    name = "projector.3.weight"
    assert torch.equal(one["network"][name], same["network"][name])
    assert not torch.equal(one["network"][name], other["network"][name])


def test_stops_by_the_clock_with_the_learning_rate_at_its_end():
    images, labels = textures(200)
    folder = Folder(images, labels, NAMES, [])
    config = Config(
        classes=3, depth=10, width=8, size=16, hidden=32, dimensions=16, over=[], queue=0, batch=100,
        epochs=10_000, minutes=1,
    )  # fmt: skip
    ticks = itertools.count(step=1.5)
    trainer = Trainer(config, folder, torch.device("cpu"), clock=lambda: next(ticks))
    while not trainer.done:
        trainer.epoch(show_bar=False)
    assert 60 <= trainer.loop.seconds < 63
    assert trainer.loop.optimizer.param_groups[0]["lr"] < 0.01 * config.lr
    assert trainer.loop.history[-1]["progress"] == 1


def test_learning_rate_warms_up_and_ends_at_zero():
    assert [schedule(progress, 0.1) for progress in (0, 0.05, 0.1, 0.55)] == pytest.approx([0, 0.5, 1, 0.5])
    assert schedule(1, 0.1) == pytest.approx(0, abs=1e-12)


def test_the_learning_rate_keeps_its_plateau_until_the_last_part():
    assert [schedule(progress, 0.1, 0.2) for progress in (0.1, 0.5, 0.8, 0.9)] == pytest.approx([1, 1, 1, 0.5])
    assert schedule(1, 0.1, 0.2) == pytest.approx(0, abs=1e-12)


def test_a_run_is_extended_from_before_its_learning_rate_fell(tmp_path):
    images = write_folder(tmp_path / "images", 200)
    short = run(tmp_path / "run", images, "--epochs", "4", "--decay", "0.5")
    assert [entry["epoch"] for entry in short["history"]] == [1, 2, 3, 4]
    plateau = torch.load(tmp_path / "run" / "plateau.pt", weights_only=True)
    assert plateau["epoch"] == 3  # the epoch that starts at the end of the plateau is still of it
    longer = run(tmp_path / "run", None, "--extend", "--epochs", "8")
    assert longer["epoch"] == 8
    assert longer["history"][:3] == short["history"][:3]


def test_the_average_is_what_is_kept_to_be_served(tmp_path):
    state = run(tmp_path / "run", write_folder(tmp_path / "images", 200), "--epochs", "2")
    name = "projector.3.weight"
    assert not torch.equal(state["network"][name], state["learner"][name])


def test_partners_are_mutual_neighbors_and_the_lonely_stay_alone():
    # Three points close to each other; one whose nearest is among them, but which is nobody's nearest.
    angles = torch.tensor([0.0, 0.1, 0.2, 1.5])
    bank = torch.stack([angles.cos(), angles.sin()], 1)
    nearest = nearest_neighbors(bank[None], 2)
    drawn = torch.stack([draw_partners(nearest, 1.0, torch.Generator().manual_seed(seed)) for seed in range(50)])
    assert (drawn[:, 3] == 3).all()
    assert set(drawn[:, 1].tolist()) == {0, 2}
    rng = torch.Generator().manual_seed(0)
    assert torch.equal(draw_partners(nearest, 0.0, rng), torch.arange(4))


def test_the_monitor_says_what_is_known_and_changes_nothing(tmp_path):
    images, held_out = write_folder(tmp_path / "images", 200), write_folder(tmp_path / "test", 60)
    watched = run(tmp_path / "watched", images, "--epochs", "3", "--monitor", str(held_out))
    plain = run(tmp_path / "plain", images, "--epochs", "3")
    assert set(watched["history"][2]["monitor"]) == {"knn20_features", "knn20", "purity20", "acc0", "acc1"}
    for name, value in plain["network"].items():
        assert torch.equal(watched["network"][name], value), name


def test_the_queue_gives_the_nearest_earlier_embedding_and_forgets_the_oldest():
    queue = NeighborQueue(3, 2, torch.device("cpu"))
    queue.push(torch.tensor([[1.0, 0.0], [0.0, 1.0]]))
    assert not queue.filled
    queue.push(torch.tensor([[-1.0, 0.0], [0.6, 0.8]]))
    assert queue.filled
    nearest = queue.nearest(torch.tensor([[0.9, 0.1], [-0.9, 0.1]]))
    assert nearest.tolist() == [pytest.approx([0.6, 0.8]), [-1.0, 0.0]]


def test_views_differ_from_image_to_image_and_keep_to_the_range():
    rng = torch.Generator().manual_seed(0)
    image = textures(1)[0].repeat(8, 1, 1, 1)
    views = augment(image, 12, (0.2, 1.0), rng, solarize=0.5)
    assert views.shape == (8, 3, 12, 12) and views.dtype == torch.float32
    assert views.min() >= 0 and views.max() <= 255
    assert all(not torch.equal(views[0], view) for view in views[1:])
    whole = augment(image, 16, (1.0, 1.0), rng)
    assert whole.std() > 10


def test_folder_with_classes_has_labels_and_one_without_has_none(tmp_path):
    labeled = load_folder(write_folder(tmp_path / "a", 9), 16)
    assert labeled.classes == NAMES and sorted(labeled.labels.tolist()) == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    flat = load_folder(write_folder(tmp_path / "b", 9, class_folders=False), 8)
    assert flat.labels is None and flat.classes is None
    assert flat.pixels.shape == (9, 3, 8, 8) and flat.pixels.dtype == torch.uint8


def test_links_are_followed_but_not_in_circles(tmp_path):
    write_folder(tmp_path / "elsewhere", 3, class_folders=False)
    images = write_folder(tmp_path / "images", 6)
    (images / "linked").symlink_to(tmp_path / "elsewhere")
    (images / NAMES[0] / "up").symlink_to(images)
    (tmp_path / "elsewhere" / "back").symlink_to(images / NAMES[1])
    files = list_folder(images)
    assert files.classes == sorted([*NAMES, "linked"])
    assert len([path for path in files.paths if path.startswith("linked/0")]) == 3
    assert not any("up/" in path for path in files.paths)


def test_ctrl_c_keeps_what_was_learned_and_says_how_to_go_on(tmp_path, monkeypatch):
    images, epoch = write_folder(tmp_path / "images", 200), Trainer.epoch

    def interrupted(self, show_bar=True):
        if self.loop.epoch == 1:
            raise KeyboardInterrupt
        return epoch(self, show_bar)

    monkeypatch.setattr(Trainer, "epoch", interrupted)
    with pytest.raises(SystemExit, match="keeps 1 epochs. Continue with: npm run train -- --run .* --resume"):
        run(tmp_path / "run", images, "--epochs", "3")
    monkeypatch.undo()
    assert run(tmp_path / "run", None, "--resume", "--epochs", "3")["epoch"] == 3


def test_bad_folders_are_named(tmp_path):
    with pytest.raises(ValueError, match="Expected images"):
        load_folder(tmp_path, 16)
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    with pytest.raises(ValueError, match="broken.jpg"):
        load_folder(tmp_path, 16)


def test_the_command_line_asks_for_images(tmp_path):
    command = [sys.executable, "-m", "training", "train", "--run", str(tmp_path)]
    scripts = str(Path(train.__file__).parents[1])
    ended = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": scripts}
    )
    assert ended.returncode != 0 and "--images" in ended.stderr


def test_collapse_is_reported_beside_the_loss(tmp_path, capsys):
    run(tmp_path / "run", write_folder(tmp_path / "images", 200), "--epochs", "1")
    assert f"collapse {math.log(3):.4f}" in capsys.readouterr().out


def test_a_new_run_forgets_what_later_stages_made_of_the_one_before(tmp_path):
    images = write_folder(tmp_path / "images", 60)
    later = ("refined.pt", "student.pt", "refined.pt.unfinished", "student.pt.unfinished")
    run(tmp_path / "run", images, "--epochs", "1")
    for name in later:
        shutil.copy(tmp_path / "run" / "checkpoint.pt", tmp_path / "run" / name)
    run(tmp_path / "run", None, "--resume")  # nothing left to train: they are of this checkpoint
    assert all((tmp_path / "run" / name).exists() for name in later)
    run(tmp_path / "run", images, "--epochs", "1")
    assert not any((tmp_path / "run" / name).exists() for name in later)


@pytest.mark.parametrize(
    ("preset", "heads", "size", "last"),
    [
        ("tiny-imagenet-h200", [200, 400, 800], 64, "student.pt"),
        ("tiny-imagenet-cpu", [200, 400, 800], 48, "refined.pt"),
    ],
)
def test_the_presets_for_tiny_imagenet_run_to_their_last_stage(tmp_path, preset, heads, size, last):
    images = write_folder(tmp_path / "images", 64, size=size)
    train.main([
        *("--images", str(images), "--run", str(tmp_path / "run"), "--preset", preset, "--device", "cpu"),
        *("--width", "4", "--student-width", "4", "--hidden", "16", "--batch", "32", "--epochs", "2", "--no-compile"),
        *("--student-epochs", "1" if last == "student.pt" else "0", "--graph-neighbors", "4"),
    ])  # fmt: skip
    state = torch.load(tmp_path / "run" / last, weights_only=True)
    assert state["config"]["heads"] == heads and state["config"]["size"] == size
    # A stem of stride 1 and a max-pool: the map halves once before the four stages.
    maps = restore(state).eval().backbone.layers[:4](torch.zeros(1, 3, size, size))
    assert maps.shape == (1, 4, size // 2, size // 2)
    assert all(value.isfinite().all() for value in state["network"].values())
