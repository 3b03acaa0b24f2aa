"""The stages after pretraining: spectral classes, self-labeling, distillation. On textures, in seconds."""

import dataclasses
import math

import pytest
import torch
import torch.nn.functional as F

from training.stages.distill import DISTILLATION, distill, mix
from training.stages.distill import main as distill_main
from training.data.images import Folder
from training.data.neighbors import nearest_neighbors
from training.report.metrics import hungarian_accuracy
from training.nn.network import build
from training.stages.pretrain import Trainer
from training.recipe import Config, config_of
from training.stages.refine import REFINEMENT, candidates, mutual_information, refine
from training.stages.self_label import class_weights, label_loss, neighborhood_labels
from training.stages.spectral import fit_head, spectral_clusters
from training.stages.checkpoint import choose_head, last_checkpoint, network_of, read, save
from training.stages.loop import Stage
from textures import NAMES, textures, write_folder

CPU = torch.device("cpu")
CONFIG = Config(
    classes=3, main_heads=2, over=[2], depth=10, width=8, size=16, hidden=32, dimensions=16, queue=0, batch=100, lr=0.1,
    crop_scale=[0.5, 1.0], epochs=12, warmup=0.3, graph_neighbors=[10],
    label_epochs=3, student_epochs=30, student_depth=10, student_width=4, student_lr=1e-2,
)  # fmt: skip


@pytest.fixture(scope="module")
def folder():
    pixels, labels = textures(600)
    return Folder(pixels, labels, NAMES, [str(i) for i in range(600)])


@pytest.fixture(scope="module")
def checkpoint(folder):
    """A network before its classes are good."""
    trainer = Trainer(CONFIG, folder, CPU)
    while not trainer.done:
        trainer.epoch(show_bar=False)
    return trainer.state() | {"images": "images", "preset": "none"}


@pytest.fixture(scope="module")
def refined(checkpoint, folder):
    return refine(checkpoint, folder, CPU)


def embed(state, pixels):
    network = build(state["config"])
    network.load_state_dict(state["network"])
    network.eval()
    with torch.no_grad():
        embedding = network(pixels.float())[1]
        return embedding, network.logits(embedding)


def accuracy(state, seed=1):
    pixels, labels = textures(300, seed=seed)
    _, logits = embed(state, pixels)
    return hungarian_accuracy(logits[choose_head(state)].argmax(1).numpy(), labels.numpy())


def interrupt_second_save(monkeypatch):
    """Ctrl-C after one epoch of a stage."""
    original, saves = Stage.state, []

    def interrupted(self):
        if len(saves) == 1:
            raise KeyboardInterrupt
        saves.append(1)
        return original(self)

    monkeypatch.setattr(Stage, "state", interrupted)


def test_refinement_finds_the_classes_and_says_how(checkpoint, refined):
    assert accuracy(refined) > 0.9
    stages = [entry.get("stage") for entry in refined["history"]]
    assert stages == [None] * 12 + ["classes"] + ["self-label"] * 3
    assert all(math.isfinite(loss) for loss in refined["history"][-1]["loss_heads"])
    assert refined["seconds"] > checkpoint["seconds"]


def test_the_classes_that_views_agree_on_most_are_kept_and_nothing_else_moves(checkpoint, folder):
    state = refine(checkpoint | {"config": checkpoint["config"] | {"label_epochs": 0}}, folder, CPU)
    assert [entry.get("stage") for entry in state["history"]] == [None] * 12 + ["classes"]
    assert state["config"]["heads"] == [3, 6]
    for name, value in checkpoint["network"].items():
        if name.startswith(("backbone", "projector")):
            assert torch.equal(state["trained"][name], value), name
    assert torch.equal(state["trained"]["heads.1"], checkpoint["network"]["heads.2"])
    scores = state["history"][-1]["mutual_information"]
    assert set(scores) == {"head 0", "head 1", "spectral"}
    # On these textures the heads of pretraining are right, and the graph follows colors.
    assert max(scores, key=scores.get).startswith("head")
    assert accuracy(state) > 0.9


def test_mutual_information_is_that_of_the_joint_distribution():
    classes = torch.arange(4).repeat(50)
    assert mutual_information(classes, classes, 4) == pytest.approx(math.log(4))
    assert mutual_information(classes, (classes + 1) % 4, 4) == pytest.approx(math.log(4))
    assert mutual_information(classes, torch.zeros_like(classes), 4) == pytest.approx(0, abs=1e-9)
    independent = torch.arange(4).repeat_interleave(50)
    assert mutual_information(classes[:16], independent.view(4, 50)[:, :4].flatten(), 4) == pytest.approx(0, abs=1e-9)


def test_clusters_follow_chains_of_neighbors_that_k_means_cuts():
    # Two rings on a sphere, one around the other: each is one class, and their means are the same.
    turn = torch.linspace(0, 2 * math.pi, 201)[:-1]
    rings = [torch.stack([h * turn.cos(), h * turn.sin(), torch.full_like(turn, (1 - h * h) ** 0.5)], 1) for h in (0.3, 0.9)]
    embedding, labels = torch.cat(rings), torch.arange(2).repeat_interleave(200)
    clusters = spectral_clusters(embedding, 2, [6])
    assert hungarian_accuracy(clusters.numpy(), labels.numpy()) == 1
    assert torch.equal(clusters, spectral_clusters(embedding, 2, [6]))


def test_a_head_learns_the_clusters_that_it_is_given():
    rng = torch.Generator().manual_seed(0)
    clusters = torch.randint(4, (500,), generator=rng)
    embedding = F.normalize(F.one_hot(clusters, 8).float() + 0.1 * torch.randn(500, 8, generator=rng), dim=1)
    weights, loss = fit_head(embedding, F.one_hot(clusters, 4).float(), 0.1)
    assert torch.equal((embedding @ weights.T).argmax(1), clusters)
    torch.testing.assert_close(weights.norm(dim=1), torch.ones(4))
    assert 0 < loss < 0.05


def test_self_labels_weigh_classes_alike_and_leave_doubt_alone():
    label, all_of_them = torch.tensor([0, 0, 0, 0, 1, 2]), torch.ones(6, dtype=torch.bool)
    sure = 10 * torch.eye(3)[label]
    weight = class_weights(label, 3)
    agreeing = label_loss(sure, label, all_of_them, weight)
    assert agreeing < 0.01
    # A wrong answer for the four images of class 0 costs as much as one for the only image of class 1.
    wrong_one, wrong_all = sure.clone(), sure.clone()
    wrong_one[4] = sure[5]
    wrong_all[:4] = sure[5]
    costs = [label_loss(wrong, label, all_of_them, weight).item() for wrong in (wrong_one, wrong_all)]
    assert costs[0] > 1 and costs[0] == pytest.approx(costs[1], rel=1e-4)
    assert label_loss(wrong_all, label, torch.tensor([False] * 4 + [True] * 2), weight) < 0.01
    assert label_loss(sure, label, ~all_of_them, weight) == 0


def test_labels_of_a_neighborhood_outvote_an_image_and_are_of_equal_number():
    rng = torch.Generator().manual_seed(0)
    clusters = torch.arange(3).repeat_interleave(60)
    embedding = F.normalize(F.one_hot(clusters, 8).float() + 0.1 * torch.randn(180, 8, generator=rng), dim=1)
    own = F.one_hot(clusters, 3).float()
    own[::10] = own[::10].roll(1, 1)  # a tenth is called something else
    nearest = nearest_neighbors(embedding[None], 20)
    label, agreement = neighborhood_labels(nearest, own)
    assert torch.equal(label, clusters)
    assert agreement.min() == 1
    # The network prefers the first class everywhere, the more so in its own cluster.
    label, _ = neighborhood_labels(nearest, (0.2 * own + torch.tensor([0.8, 0, 0])).clamp_min(1e-3))
    assert torch.equal(label, clusters)


def test_labels_that_neighbors_do_not_share_teach_nothing(checkpoint, folder, capsys):
    settings = checkpoint["config"] | {"label_agreement": 1.1}
    state = refine(checkpoint | {"config": settings}, folder, CPU)
    assert "no self-labeling: the neighbors of 0%" in capsys.readouterr().out
    assert [entry.get("stage") for entry in state["history"]][-1] == "classes"


def test_clusters_win_unless_the_heads_are_clearly_better(checkpoint, folder, monkeypatch):
    config = checkpoint["config"] | {"label_epochs": 0}
    states = {}
    for clusters in (0.94, 0.96):
        scores = {"head 0": 1.0, "head 1": 0.9, "spectral": clusters}
        monkeypatch.setattr("training.stages.refine.judge", lambda *_, scores=scores: scores)
        states[clusters] = refine(checkpoint | {"config": config}, folder, CPU)
    head = checkpoint["network"]["heads.0"]
    assert torch.equal(states[0.94]["trained"]["heads.0"], head)
    assert not torch.equal(states[0.96]["trained"]["heads.0"], head)
    said = [(state["history"][-1]["kept"], state["history"][-1]["loss_heads"][0]) for state in states.values()]
    assert said == [("head 0", math.log(3) - 1.0), ("spectral", math.log(3) - 0.96)]


def test_a_stage_that_was_interrupted_ends_as_one_that_was_not(checkpoint, folder, tmp_path, monkeypatch):
    whole = refine(checkpoint, folder, CPU, tmp_path / "whole.pt")
    interrupt_second_save(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        refine(checkpoint, folder, CPU, tmp_path / "part.pt")
    monkeypatch.undo()
    # Neighbors are looked up by what the network saw meanwhile.
    seen = torch.load(tmp_path / "part.pt", weights_only=True)["modules"]["labels"]["features"]
    with torch.no_grad():
        first = network_of(checkpoint).eval()(folder.pixels.float())[0]
    assert ((seen - first).norm(dim=1) > 0.05 * first.norm(dim=1)).float().mean() > 0.8  # rounding is less
    # Chosen once more, the classes may be in another order, as on another device.
    chosen = candidates
    rolled = lambda *arguments: {name: head.roll(1, 0) for name, head in chosen(*arguments).items()}
    monkeypatch.setattr("training.stages.refine.candidates", rolled)
    resumed = refine(checkpoint, folder, CPU, tmp_path / "part.pt")
    for name, value in whole["network"].items():
        assert torch.equal(resumed["network"][name], value), name


def test_a_student_learns_its_teachers_embedding_and_classes(refined, folder):
    student = distill(refined, folder, CPU)
    assert (student["config"]["width"], student["teacher"]) == (4, {"depth": 10, "width": 8})
    for head, weights in ((name, value) for name, value in refined["network"].items() if name.startswith("heads")):
        assert torch.equal(student["network"][head], weights)
    pixels, _ = textures(300, seed=1)
    taught, logits = embed(refined, pixels)
    learned, answers = embed(student, pixels)
    assert (taught * learned).sum(1).mean() > 0.8
    assert (logits[0].argmax(1) == answers[0].argmax(1)).float().mean() > 0.85
    assert accuracy(student) > 0.85
    assert student["seconds"] > refined["seconds"]


def test_mixtures_are_of_two_images():
    images = torch.stack([torch.zeros(3, 8, 8), torch.ones(3, 8, 8)])
    kinds = set()
    for seed in range(40):
        mixed = mix(images, torch.Generator().manual_seed(seed))
        assert (0 <= mixed).all() and (mixed <= 1).all() and mixed[0].mean() <= 0.5
        kinds.add("plain" if torch.equal(mixed, images) else "box" if set(mixed.unique().tolist()) == {0, 1} else "blend")
    assert kinds == {"plain", "box", "blend"}


def test_the_last_stage_of_a_run_is_what_is_exported(checkpoint, refined, folder, tmp_path):
    save(checkpoint, tmp_path / "checkpoint.pt")
    assert last_checkpoint(tmp_path).name == "checkpoint.pt"
    REFINEMENT.run(tmp_path, folder, CPU, {"graph_neighbors": []})
    assert not (tmp_path / "refined.pt").exists()
    REFINEMENT.run(tmp_path, folder, CPU, {"label_epochs": 1})
    assert last_checkpoint(tmp_path).name == "refined.pt"
    assert config_of(torch.load(last_checkpoint(tmp_path), weights_only=True)).label_epochs == 1
    DISTILLATION.run(tmp_path, folder, CPU, {"student_epochs": 1})
    assert last_checkpoint(tmp_path).name == "student.pt"
    assert not list(tmp_path.glob("*.unfinished"))
    # A student of another teacher is forgotten.
    REFINEMENT.run(tmp_path, folder, CPU, {"label_epochs": 0})
    assert last_checkpoint(tmp_path).name == "refined.pt"


def test_a_stage_without_epochs_is_no_command(checkpoint, tmp_path):
    images = write_folder(tmp_path / "images", 30)
    save(checkpoint, tmp_path / "checkpoint.pt")
    with pytest.raises(SystemExit, match="--student-epochs: expected at least 1"):
        distill_main(["--run", str(tmp_path), "--images", str(images), "--device", "cpu", "--student-epochs", "0"])


def test_a_run_can_start_from_another(checkpoint, folder):
    trainer = Trainer(CONFIG, folder, CPU)
    trainer.start_from(checkpoint)
    assert torch.equal(trainer.network.state_dict()["heads.0"], checkpoint["network"]["heads.0"])
    assert (trainer.loop.step, trainer.earlier["epochs"], len(trainer.earlier["history"])) == (0, 12, 12)
    again = Trainer(CONFIG, folder, CPU)
    again.start_from(trainer.state() | {"epoch": 3, "seconds": 5.0})
    assert again.earlier["epochs"] == 15
    assert again.loop.progress == 0
