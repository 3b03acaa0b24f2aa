"""A stage that was interrupted goes on with the settings that it began with, and begins anew with others."""

import pytest
import torch
from training.data.images import Folder
from training.recipe import Config, config_of
from training.stages.checkpoint import read, save
from training.stages.distill import DISTILLATION
from training.stages.loop import Loop
from training.stages.pretrain import Trainer
from training.stages.refine import REFINEMENT
from textures import NAMES, textures

CPU = torch.device("cpu")
CONFIG = Config(
    classes=3, main_heads=1, over=[2], depth=10, width=4, size=16, hidden=16, dimensions=8, batch=40, epochs=1,
    graph_neighbors=[10], label_agreement=0, label_epochs=2, student_epochs=2, student_depth=10, student_width=4,
)  # fmt: skip
# Each stage, and two settings of it that a command changes.
STAGES = [(REFINEMENT, {"label_epochs": 4}, {"label_weight": 0.5}), (DISTILLATION, {"student_epochs": 4}, {"student_lr": 0.01})]


@pytest.fixture(scope="module")
def folder():
    pixels, labels = textures(120)
    return Folder(pixels, labels, NAMES, [str(i) for i in range(120)])


@pytest.fixture
def run(folder, tmp_path):
    trainer = Trainer(CONFIG, folder, CPU)
    trainer.epoch(show_bar=False)
    save(trainer.state() | {"images": "images", "preset": "none"}, tmp_path / "checkpoint.pt")
    return tmp_path


@pytest.fixture
def epochs(monkeypatch):
    """The number of each epoch that is run. Ctrl-C comes in those of ``stops``."""
    ran, stops, run_epoch = [], set(), Loop.run_epoch

    def counted(self, *arguments, **options):
        if self.epoch + 1 in stops:
            raise KeyboardInterrupt
        ran.append(self.epoch + 1)
        return run_epoch(self, *arguments, **options)

    monkeypatch.setattr(Loop, "run_epoch", counted)
    return ran, stops


def interrupt(stage, run, folder, epochs, number, changes, resume=False):
    ran, stops = epochs
    stops.add(number)
    with pytest.raises(KeyboardInterrupt):
        stage.run(run, folder, CPU, changes, resume)
    stops.clear()
    ran.clear()


@pytest.mark.parametrize(("stage", "first", "other"), STAGES)
def test_the_same_command_goes_on(stage, first, other, run, folder, epochs):
    interrupt(stage, run, folder, epochs, 2, first | other)
    interrupt(stage, run, folder, epochs, 3, first | other)
    assert stage.run(run, folder, CPU, first | other)
    assert epochs[0] == [3, 4]


@pytest.mark.parametrize(("stage", "first", "other"), STAGES)
@pytest.mark.parametrize("done", [False, True])
def test_a_bare_resume_goes_on_with_the_settings_of_the_beginning(stage, first, other, done, run, folder, epochs):
    if done:  # with the settings of the run
        stage.run(run, folder, CPU)
    interrupt(stage, run, folder, epochs, 4, first | other, resume=True)
    assert stage.run(run, folder, CPU, resume=True)
    assert epochs[0] == [4]
    assert (first | other).items() <= vars(config_of(read(run / stage.writes))).items()
    assert not stage.run(run, folder, CPU, resume=True)


@pytest.mark.parametrize(("stage", "first", "other"), STAGES)
@pytest.mark.parametrize("resume", [False, True])
def test_other_settings_begin_anew(stage, first, other, resume, run, folder, epochs):
    interrupt(stage, run, folder, epochs, 3, first)
    assert stage.run(run, folder, CPU, other, resume)
    assert epochs[0] == [1, 2]


@pytest.mark.parametrize(("stage", "first", "other"), STAGES)
def test_a_command_without_the_changed_setting_begins_anew(stage, first, other, run, folder, epochs):
    interrupt(stage, run, folder, epochs, 3, first)
    assert stage.run(run, folder, CPU)
    assert epochs[0] == [1, 2]
    assert config_of(read(run / stage.writes)).label_epochs == 2


def test_classes_that_are_counted_go_on(run, folder, epochs):
    changes = {"auto_classes": True, "label_epochs": 3}
    interrupt(REFINEMENT, run, folder, epochs, 3, changes)
    assert REFINEMENT.run(run, folder, CPU, changes)
    assert epochs[0] == [3]
