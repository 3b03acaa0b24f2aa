"""Two processes (gloo, on the CPU) train as one: the same loss, gradients, norms and queue, and one checkpoint."""

import datetime
import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from torch import Tensor

from training.nn.distributed import gather, processes
from training.data.images import Folder
from training.stages.pretrain import Trainer
from training.recipe import Config
from training.stages.checkpoint import save
from textures import NAMES, textures, write_folder

SCRIPTS = str(Path(__file__).parents[2] / "scripts")
LIMIT = 600  # seconds, after which a process that waits for another gives up
CPU = torch.device("cpu")


def trainer(clock=None, **changes) -> Trainer:
    settings = {
        "classes": 3, "main_heads": 2, "over": [3], "depth": 10, "width": 8, "size": 16, "hidden": 32,
        "dimensions": 16, "queue": 24, "small_crops": 1, "small_size": 8, "batch": 24, "epochs": 4,
    }  # fmt: skip
    folder = Folder(*textures(60), NAMES, [])
    return Trainer(Config(**settings | changes), folder, CPU, **{"clock": clock} if clock else {})


def one_step(first: int, last: int) -> dict[str, Tensor]:
    """Loss, gradients, buffers and queue after the views of images ``first`` to ``last`` of a batch of 24."""
    rng = torch.Generator().manual_seed(1)
    here = trainer(bf16=False)
    with torch.no_grad():
        for parameter in here.network.parameters():
            if parameter.ndim == 1:  # a block whose last norm is 0 would have no gradients to compare
                parameter.uniform_(0.5, 1.5, generator=rng)
    whole = [255 * torch.rand(24, 3, 16, 16, generator=rng)[first:last] for _ in range(2)]
    small = [255 * torch.rand(24, 3, 8, 8, generator=rng)[first:last]]
    here.queue.push(torch.nn.functional.normalize(torch.randn(24, 16, generator=rng)))
    here.loop.step = 4  # half of the schedule: the queue gives the targets
    loss = here.compare(whole, small)[0]
    loss.backward()
    return {
        "loss": loss.detach(),
        "queue": here.queue.rows,
        **{f"gradient of {name}": p.grad for name, p in here.network.named_parameters()},
        **{f"buffer {name}": b for name, b in here.network.named_buffers()},
    }


def one_gather(rank: int) -> tuple[Tensor, Tensor]:
    rows = torch.full((2, 3), float(rank), requires_grad=True)
    weights = torch.arange(12.0).view(4, 3) * (rank + 1)
    joined = gather(rows)
    (joined * weights).sum().backward()
    return joined.detach(), rows.grad


def resumed_and_whole(path: Path, rank: int) -> tuple[dict, dict]:
    """The end of a run that was broken off after two epochs and of one that was not."""
    whole, broken, resumed = (trainer(neighbor_from=0.4, neighbor_pool=3) for _ in range(3))
    for _ in range(4):
        whole.epoch(show_bar=False)
    for _ in range(2):
        broken.epoch(show_bar=False)
    state = broken.state()
    if rank == 0:
        save(state, path)
    dist.barrier()
    resumed.load(torch.load(path, weights_only=True))
    for _ in range(2):
        resumed.epoch(show_bar=False)
    return resumed.state(), whole.state()


def steps_until_the_clock_ends(rank: int) -> int:
    ticks = itertools.count(step=1.5 + 20 * rank)  # process 1 would end after its first step
    here = trainer(lambda: next(ticks), minutes=0.2, epochs=1000, small_crops=0)
    while not here.done:
        here.epoch(show_bar=False)
    return here.loop.step


def process(rank: int, folder: Path) -> None:
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo", f"file://{folder}/store", rank=rank, world_size=2, timeout=datetime.timedelta(seconds=LIMIT)
    )
    said = {
        "step": one_step(12 * rank, 12 * rank + 12),
        "gather": one_gather(rank),
        "views": trainer().views(textures(4)[0], textures(4)[0])[0][0],
        "resume": resumed_and_whole(folder / "checkpoint.pt", rank),
        "clock": steps_until_the_clock_ends(rank),
    }
    torch.save(said, folder / f"{rank}.pt")
    dist.destroy_process_group()


@pytest.fixture(scope="module")
def two(tmp_path_factory) -> tuple[dict, dict, Path]:
    """What each of two processes says, and the folder of their checkpoint."""
    folder = tmp_path_factory.mktemp("two")
    torch.multiprocessing.spawn(process, (folder,), nprocs=2)
    return *(torch.load(folder / f"{rank}.pt", weights_only=True) for rank in range(2)), folder


def test_loss_and_gradients_are_those_of_one_process_on_the_joined_batch(two):
    one, first, second = one_step(0, 24), two[0]["step"], two[1]["step"]
    assert torch.stack([first["loss"], second["loss"]]).mean().item() == pytest.approx(one["loss"].item(), abs=1e-5)
    gradients = [name for name in one if name.startswith("gradient")]
    assert len(gradients) > 30 and min(one[name].abs().max() for name in gradients) > 1e-4
    for name in gradients:
        assert torch.equal(first[name], second[name]), name
        assert (first[name] - one[name]).abs().max() < 1e-5, name


def test_batch_norm_sees_the_joined_batch_and_keeps_the_same_running_statistics(two):
    one, first, second = one_step(0, 24), two[0]["step"], two[1]["step"]
    buffers = [name for name in one if name.startswith("buffer")]
    assert any("projector" in name for name in buffers) and any("backbone" in name for name in buffers)
    for name in buffers:
        assert torch.equal(first[name], second[name]), name
        torch.testing.assert_close(first[name], one[name], atol=1e-5, rtol=1e-5, msg=name)


def test_the_queue_holds_the_embeddings_of_all_processes_in_the_order_of_the_batch(two):
    assert torch.equal(two[0]["step"]["queue"], two[1]["step"]["queue"])
    torch.testing.assert_close(two[0]["step"]["queue"], one_step(0, 24)["queue"], atol=1e-5, rtol=0)


def test_a_gathered_gradient_comes_back_to_the_process_of_its_rows(two):
    rows = torch.tensor([0.0, 0, 1, 1])[:, None].expand(4, 3)
    gradient = 3 * torch.arange(12.0).view(4, 3)  # once from process 0, twice from process 1
    for rank in range(2):
        joined, own = two[rank]["gather"]
        assert torch.equal(joined, rows) and torch.equal(own, gradient[2 * rank : 2 * rank + 2])


def test_processes_see_different_views_and_stop_at_the_step_of_the_first(two):
    assert not torch.equal(two[0]["views"], two[1]["views"])
    assert two[0]["clock"] == two[1]["clock"] == 8  # of 1.5 s, until 12


def test_a_resumed_run_ends_with_the_weights_of_an_uninterrupted_one(two):
    for rank in range(2):
        resumed, whole = two[rank]["resume"]
        assert resumed["step"] == whole["step"] == 8
        assert torch.equal(resumed["rng"], whole["rng"])
        assert torch.equal(resumed["queue"][0], whole["queue"][0])
        for name, value in whole["network"].items():
            assert torch.equal(resumed["network"][name], value), name
    first, second = (two[rank]["resume"][1] for rank in range(2))
    assert all(torch.equal(first["network"][name], value) for name, value in second["network"].items())
    assert first["history"][-1]["loss"] == second["history"][-1]["loss"]


def test_one_process_goes_on_where_two_stopped(two):
    here = trainer()
    here.load(torch.load(two[2] / "checkpoint.pt", weights_only=True))
    while not here.done:
        entry = here.epoch(show_bar=False)
    assert (here.loop.step, here.loop.epoch) == (8, 4) and 0 < entry["loss"] < 10


def test_processes_wait_for_hours_while_the_first_decodes(monkeypatch):
    alone = {"TORCHELASTIC_RUN_ID": "1", "RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "0"}
    for name, value in alone.items():
        monkeypatch.setenv(name, value)
    with processes("cpu"):
        assert dist.group.WORLD._get_backend(CPU).options._timeout >= datetime.timedelta(hours=12)


def torchrun(*arguments: str) -> str:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "--"]
    ended = subprocess.run(
        [*command, "training", "train", *arguments, "--device", "cpu"],
        capture_output=True, text=True, timeout=LIMIT, check=False, env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": SCRIPTS},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr[-4000:]
    return ended.stdout


def test_the_imagenet_preset_takes_two_steps_under_torchrun_and_goes_on(tmp_path):
    """ResNet-50, its heads and LARS as they are; crops of 64 and 32 pixels and batches of 8, for the sake of time."""
    images, path = write_folder(tmp_path / "images", 16, size=80), tmp_path / "run" / "checkpoint.pt"
    sizes = ["--size", "64", "--stored-size", "72", "--small-size", "32", "--small-crops", "2", "--batch", "8"]
    source = ["--images", str(images), "--memory-gib", "0", "--workers", "1", "--queue", "8"]
    said = torchrun("--preset", "imagenet", *sizes, *source, "--run", str(path.parent), "--epochs", "1")
    assert said.count("epoch") == 1 and "decoded as needed" in said
    state = torch.load(path, weights_only=True)
    assert state["step"] == 2 and state["config"]["heads"] == [1000, 2000, 4000, 8000]
    assert state["network"]["backbone.layers.18.conv3.weight"].shape[0] == 2048
    assert all(value.isfinite().all() for value in state["network"].values())

    torchrun("--resume", "--run", str(path.parent), "--epochs", "2")
    assert torch.load(path, weights_only=True)["step"] == 4
    path.unlink()  # 220 MB
