"""The linear embedding that ends refinement, what goes on from there, and who looks neighbors up in the features."""

import dataclasses

import pytest
import torch
from test_embedding import distracted
from test_embedding import features as features_of_classes
from test_stages import CONFIG, CPU, checkpoint, folder, interrupt_second_save, refined  # noqa: F401
from textures import NAMES, textures

from training.data.images import Folder
from training.nn.network import build, spread
from training.recipe import Config
from training.stages.checkpoint import network_of, save
from training.stages.distill import distill
from training.stages.loop import Stage
from training.stages.pretrain import Trainer
from training.stages.refine import REFINEMENT, make_linear, refine
from training.stages.self_label import Labels


def test_the_embedding_becomes_linear_and_training_goes_on_from_the_projector(checkpoint, folder):
    state = refine(checkpoint | {"config": checkpoint["config"] | {"label_epochs": 0}}, folder, CPU)
    network = network_of(state).eval()
    assert isinstance(network.projector, torch.nn.Linear)
    # Its heads say of the embedding what those before say of the projector's.
    before = build({**state["config"], "linear": False}).eval()
    before.load_state_dict(state["trained"])
    with torch.no_grad():
        said = [[logits.argmax(1) for logits in net.logits(net(folder.pixels.float())[1])] for net in (before, network)]
    for old, new in zip(*said, strict=True):
        assert (old == new).float().mean() > 0.8
    assert spread(network.projector.weight).item() == pytest.approx(spread(before.projector[-1].weight).item(), rel=1e-3)
    trainer = Trainer(CONFIG, folder, CPU)
    trainer.start_from(state)
    for name, value in checkpoint["network"].items():
        if name.startswith(("backbone", "projector")):
            assert torch.equal(trainer.average.state_dict()[name], value), name
    again = refine(state | {"config": state["config"] | {"label_epochs": 1}}, folder, CPU)
    assert again["trained"].keys() == state["trained"].keys()


def test_a_student_keeps_nothing_of_its_teachers_training(checkpoint, folder):
    state = refine(checkpoint | {"config": checkpoint["config"] | {"label_epochs": 0}}, folder, CPU)
    student = distill(state | {"config": state["config"] | {"student_epochs": 1}}, folder, CPU)
    trainer = Trainer(dataclasses.replace(CONFIG, width=4), folder, CPU)
    trainer.start_from(student)
    for name, value in student["network"].items():
        if name.startswith("backbone"):
            assert torch.equal(trainer.average.state_dict()[name], value), name


def test_what_neighbors_say_counts_after_self_labeling_alone(checkpoint, folder):
    # The network puts images of two textures into one class; labels of the neighborhood are of about equal number a class.
    network = network_of(checkpoint)
    network.heads[0].data[1] *= -1

    def classes(net):
        return net.eval().logits(net(folder.pixels.float())[1])[0].argmax(1)

    kept = classes(network)
    said = {by: classes(make_linear(network, folder.pixels, CONFIG, by_labels=by)) for by in (False, True)}
    agreement = {by: (labels == kept).float().mean().item() for by, labels in said.items()}
    assert agreement[False] > 0.95
    assert agreement[True] < 0.9


def test_labels_that_the_network_learned_weigh_the_embedding(checkpoint, folder, monkeypatch):
    network = network_of(checkpoint).eval()
    made = {by: make_linear(network, folder.pixels, CONFIG, by_labels=by).projector.weight for by in (False, True)}
    torch.testing.assert_close(made[True], made[False])  # 600 images are too few
    monkeypatch.setattr("training.stages.self_label.MOST", 8)
    told = make_linear(network, folder.pixels, CONFIG, by_labels=True).projector.weight
    assert (told - made[False]).norm() > 0.1 * told.norm()


def test_known_labels_make_better_neighbors_if_there_are_enough():
    config = Config(classes=4, label_agreement=0.5)
    network = build({**dataclasses.asdict(CONFIG), "dimensions": 4, "heads": [4]})
    network.heads[0].data = torch.eye(4)
    for count, enough in ((4000, True), (1500, False)):
        vectors, classes, known = distracted(count, seed=5)
        labels = Labels(vectors, torch.eye(4)[known.where(known >= 0, classes)])

        def right(nearest):
            return (classes[nearest] == classes[:, None]).float().mean().item()

        first, second = (right(labels.renew(network, config)) for _ in range(2))
        assert (labels.known is not None) == enough
        assert (second > first + 0.05) == enough


def test_a_projector_of_one_layer_is_refined_too(folder):
    trainer = Trainer(dataclasses.replace(CONFIG, hidden=0, epochs=1), folder, CPU)
    trainer.epoch(show_bar=False)
    config = dataclasses.asdict(trainer.config) | {"heads": trainer.config.heads, "label_epochs": 0}
    state = refine(trainer.state() | {"config": config}, folder, CPU)
    assert state["config"]["linear"]


def test_a_second_round_goes_on_where_it_was_interrupted(refined, folder, tmp_path, monkeypatch):
    save(refined | {"images": "images", "preset": "none"}, tmp_path / "checkpoint.pt")
    interrupt_second_save(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        REFINEMENT.run(tmp_path, folder, CPU)
    monkeypatch.undo()
    begun = []
    monkeypatch.setattr(Stage, "run", lambda stage, *_: begun.append(stage.loop.epoch))
    REFINEMENT.run(tmp_path, folder, CPU)
    assert begun == [1]


def test_a_stage_that_an_older_version_began_goes_on(checkpoint, folder):
    network = network_of(checkpoint)
    with torch.no_grad():
        labels = Labels(*network.eval()(folder.pixels.float()))
    state = {key: value + 1 for key, value in labels.state_dict().items() if key != "features"}
    features = labels.features.clone()
    labels.load_state_dict(state)
    assert torch.equal(labels.features, features)
    assert torch.equal(labels.embedding, state["embedding"])


def test_a_linear_embedding_needs_images_enough(checkpoint):
    pixels, labels = textures(200)
    few = Folder(pixels, labels, NAMES, [str(i) for i in range(200)])
    state = refine(checkpoint | {"config": checkpoint["config"] | {"label_epochs": 0}}, few, CPU)
    assert not state["config"]["linear"]
    assert torch.equal(state["network"]["projector.3.weight"], checkpoint["network"]["projector.3.weight"])


def test_partners_and_labels_are_looked_up_where_weak_directions_count():
    vectors, labels = features_of_classes(1000, seed=0)
    pixels = torch.zeros(1000, 3, 16, 16, dtype=torch.uint8)
    config = dataclasses.replace(CONFIG, classes=8, neighbor_from=0.0, neighbor_rate=1.0)
    trainer = Trainer(config, Folder(pixels, labels, NAMES, [str(i) for i in range(1000)]), CPU)
    trainer.encode = lambda: vectors
    pairs = trainer.pairs(trainer.partners(torch.Generator().manual_seed(0)))
    assert pairs["paired"] > 0.5 and pairs["pairs_right"] > 0.9

    # The network knows one image in three; the neighborhood, by features, tells the rest.
    rng = torch.Generator().manual_seed(3)
    known = torch.rand(1000, generator=rng) < 1 / 3
    network = build({**dataclasses.asdict(config), "heads": [8]})
    embedding = torch.nn.functional.normalize(network.heads[0].detach(), dim=1)[labels.where(known, labels.roll(1))]
    found = Labels(vectors, embedding)
    found.renew(network, Config(classes=8))
    assert (found.label == labels).float().mean() > 0.9
