"""Trains a network from scratch on a folder of images, without labels.

    npm run train -- --images DIR --classes 12 --name pets
    npm run train -- --images DIR --preset cifar10-cpu --run runs/cifar10
    npm run train -- --images DIR --classes auto --name pets
    npm run train -- --run runs/pets --classes 9            chooses again, without pretraining again
    npm run train -- --run runs/cifar10 --resume
    PYTHONPATH=scripts .venv/bin/torchrun -m --nproc-per-node 8 -- training train --images DIR --preset imagenet --run runs/imagenet

Three stages, each of which a recipe can leave out: pretraining (``stages/pretrain.py``), refinement
(``stages/refine.py``) and distillation (``stages/distill.py``). The last two need images that fit in memory, and run in
one process. With ``--name`` the run ends as a model that the server serves (``publish.py``).

Class folders below DIR never train; they give the accuracy that is printed. The checkpoint (``RUN/checkpoint.pt``) is
written after each epoch. A resumed run ends with the same weights as an uninterrupted one; with another number of
processes it sees the same batches in other random views.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import os
from pathlib import Path

# Idle threads of PyTorch sleep instead of spinning, which took three times as long on busy cores. OpenMP reads it once,
# so this precedes the import.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import torch

from training.data.images import Files, Folder, decode, list_folder
from training.data.store import read_once
from training.model.manifest import read_manifest
from training.nn.distributed import device_name, first_goes_first, processes, rank
from training.nn.network import encode
from training.publish import check_free, is_published, publish
from training.recipe import PRESETS, Config, add_options, config_of, given_options
from training.report import words
from training.stages.checkpoint import (
    CHECKPOINTS,
    Checkpoint,
    choose_head,
    forget_later,
    last_checkpoint,
    load_network,
    read,
    save,
)
from training.stages.distill import DISTILLATION
from training.stages.monitor import Monitor
from training.stages.pretrain import Trainer
from training.stages.refine import REFINEMENT

PLATEAU = "plateau.pt"  # the last checkpoint before the learning rate decays
SHIPPED = Path(__file__).parents[2] / "model" / "cifar10"
STATISTICS = 500  # images whose statistics a shipped network starts with
MONITORED = 3  # epochs from one measurement on labeled images to the next


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="train", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--images", type=Path, help="folder of images, with or without class folders")
    parser.add_argument("--name", help="exports the run as a model of this name: lower-case letters, digits and dashes")
    parser.add_argument("--run", type=Path, help="folder of the checkpoint (default: runs/NAME)")
    photos = "photos-gpu" if torch.cuda.is_available() else "photos-cpu"
    parser.add_argument("--preset", choices=sorted(PRESETS), default=photos, help=f"default here: {photos}")
    parser.add_argument("--resume", action="store_true", help="continues from the checkpoint in --run; options replace its settings")
    parser.add_argument("--extend", action="store_true", help="as --resume, but from before the learning rate decayed; give more --epochs or --minutes")
    parser.add_argument("--monitor", type=Path, help="class folders that training never sees, for kNN and ACC, which are recorded and choose nothing")
    parser.add_argument("--init", help="model or run whose network to start from, or none (default: model/cifar10 for photos-* presets whose network has its shape)")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    add_options(parser)
    args = parser.parse_args(arguments)
    if not args.run and not args.name:
        parser.error("--name or --run: expected the name of a model, or the folder of a run")
    args.run = args.run or Path("runs", args.name)
    trained = args.run / CHECKPOINTS[-1]
    args.changed = False  # by choose_again: the run has other classes
    args.again = bool(args.classes and not (args.images or args.resume or args.extend) and trained.exists())
    goes_on = args.again or ((args.resume or args.extend) and trained.exists())
    if args.name and not (goes_on and read(trained).get("name") == args.name):
        check_free(args.name)
    return args


def choose_again(args: argparse.Namespace, device: torch.device) -> None:
    """Repeats what follows pretraining with other options, and renews the model of the run if it has one."""
    checkpoint = read(args.run / CHECKPOINTS[-1])
    name = args.name or checkpoint.get("name")
    config = dataclasses.replace(config_of(checkpoint), **given_options(args))
    check_heads(config)
    folder = read_once(list_folder(checkpoint["images"]), config.stored, args.run)
    for stage in (REFINEMENT, DISTILLATION):
        args.changed |= stage.run(args.run, folder, device, given_options(args))
    describe_classes(args.run, folder, device)
    if name:
        publish(args.run, checkpoint["images"], name)


def check_heads(config: Config) -> None:
    """Checks that the recipe finds classes after pretraining, of any number."""
    if not config.graph_neighbors:
        raise SystemExit("--classes: choosing after pretraining needs new heads; give --graph-neighbors, such as 20 50 100")


def pretrain(args: argparse.Namespace, device: torch.device) -> tuple[Folder | None, bool]:
    """Trains to the end of the schedule. Returns the images, if they were decoded once, to process 0, and whether anything
    was left to train."""
    path, first = args.run / "checkpoint.pt", rank() == 0
    if args.resume or args.extend:
        saved = read(path if args.resume else args.run / PLATEAU, device)
        images, preset = args.images or Path(saved["images"]), saved["preset"]
        config = config_of(saved)
    elif args.images is None:
        raise SystemExit("--images: expected a folder of images, or --resume")
    else:
        saved, images, preset, config = None, args.images, args.preset, PRESETS[args.preset]
    config = dataclasses.replace(config, **given_options(args))
    files = list_folder(images)
    streamed = len(files.paths) * 3 * config.stored**2 > config.memory_gib * 2**30
    folder = files
    if not streamed:
        with first_goes_first():  # one process reads the images, and the others map what it wrote
            folder = read_once(files, config.stored, args.run)
    count = len(folder.paths)
    if config.queue > count // 2:
        config = dataclasses.replace(config, queue=count // 3)
    if config.auto_classes:
        check_heads(config)
        if streamed:
            raise SystemExit("--classes auto: needs images that fit in memory; give their number, or more --memory-gib")
    if first:
        where = "decoded as needed" if streamed else "decoded once"
        print(f"{count} images, {where}, {config.heads} classes, {device_name(device)}")
        pixels = None if streamed else folder.pixels
        for warning in words.warnings_before(pixels, count, config.classes, config.batch):
            print(f"warning: {warning}", flush=True)
    trainer = Trainer(config, folder, device)
    if saved:
        trainer.load(saved)
    elif start := beginning(args.init, folder, preset, config):
        trainer.start_from(start)
        if first and trainer.init:
            print("starts from the network of {model} {version}".format(**trainer.init))
    args.run.mkdir(parents=True, exist_ok=True)
    monitor = Monitor(folder, args.monitor, config) if args.monitor and first else None
    begun = trainer.loop.epoch
    while not trainer.done:
        plateau = trainer.loop.progress <= 1 - config.decay
        entry = trainer.epoch(show_bar=first)
        if monitor and trainer.loop.epoch % MONITORED == 0:
            entry["monitor"] = monitor.measure(trainer.average)
        state = trainer.state()
        if not first:
            continue
        state |= {"images": str(images), "preset": preset, "name": args.name or (saved or {}).get("name")}
        if plateau and config.decay < 1:
            save(state, args.run / PLATEAU)
        save(state, path)
        forget_later(args.run, path.name)
        accuracy = f"  train ACC {entry['train_acc']:.3f}" if "train_acc" in entry else ""
        print(
            f"epoch {entry['epoch']:4d}  {entry['progress']:6.1%}{trainer.loop.left():>14}  loss {entry['loss']:.4f}"
            f"  main {entry['loss_heads'][0]:.4f} (collapse {math.log(config.classes):.4f})"
            f"  classes {entry['classes_used']}{accuracy}",
            *(f"{key} {entry[key]:.3f}" for key in ("paired", "pairs_right") if key in entry),
            *(f"{key} {100 * value:.1f}" for key, value in entry.get("monitor", {}).items()),
            flush=True,
        )
    if first and trainer.loop.epoch > begun:
        print(words.loss_in_words(entry["loss_heads"][0], config.classes))
    if first and streamed:
        print("Skips refinement and distillation, which need images that fit in memory")
    return (folder if first and not streamed else None), trainer.loop.epoch > begun


def beginning(given: str | None, folder: Folder | Files, preset: str, config: Config) -> Checkpoint | None:
    """What a new run starts from: a run, a model, or nothing.

    Args:
        given: the value of --init.
        folder: the images; some of them give the statistics of batch norm, which a model does not have.
    """
    if given == "none" or (given is None and not is_small_and_fits(preset, config)):
        return None
    init = Path(given) if given else SHIPPED
    if not (init / "manifest.json").exists():
        return read(last_checkpoint(init))
    from training.model.shipped import start_of  # here, because other runs do not need its packages

    chosen = torch.randperm(len(folder.paths), generator=torch.Generator().manual_seed(0))[:STATISTICS]
    if isinstance(folder, Folder):
        return start_of(init, folder.pixels[chosen])
    return start_of(init, torch.stack([decode(folder.root / folder.paths[i], config.stored) for i in chosen]))


def is_small_and_fits(preset: str, config: Config) -> bool:
    """Whether a run of one's own photos can start from the shipped network, which is worth days of its own."""
    if not preset.startswith("photos-"):
        return False
    shipped = read_manifest(SHIPPED)["training"]["recipe"]
    return all(getattr(config, key) == shipped[key] for key in ("depth", "width", "stem"))


def stopped(args: argparse.Namespace) -> str:
    """What is left of a run that Ctrl-C stopped, and how to go on."""
    if args.again:
        kept = "has the new classes, but its model may not have them" if args.changed else "is as it was"
        return f"Stopped. {args.run} {kept}. Continue with the same command"
    if not (args.run / CHECKPOINTS[-1]).exists():
        return "Stopped in the first epoch, before anything was saved. What was read of the images is kept for the next run"
    epochs = read(args.run / CHECKPOINTS[-1])["epoch"]
    return f"Stopped. {args.run} keeps {epochs} epochs. Continue with: npm run train -- --run {args.run} --resume"


@torch.no_grad()
def describe_classes(run: Path, folder: Folder, device: torch.device) -> None:
    """Prints what became of the images, by some of them."""
    checkpoint, network = load_network(run)
    chosen = torch.randperm(len(folder.pixels), generator=torch.Generator().manual_seed(0))[: words.JUDGED]
    embeddings = encode(network.to(device), folder.pixels[chosen])[1]
    assigned = network.logits(embeddings.to(device))[choose_head(checkpoint)].argmax(1).cpu()
    print(*words.classes_in_words(embeddings, assigned, checkpoint["config"]["classes"]), sep="\n", flush=True)


def train(args: argparse.Namespace) -> None:
    """All stages, and the model if the run has a name."""
    with processes(args.device) as device:
        first = rank() == 0
        folder, made = pretrain(args, device)
    if not first:
        return
    if folder:
        changes = given_options(args) if args.resume else {}
        for stage in (REFINEMENT, DISTILLATION):
            made |= stage.run(args.run, folder, device, changes, args.resume)
        describe_classes(args.run, folder, device)
    checkpoint = read(args.run / CHECKPOINTS[-1])
    name = args.name or checkpoint.get("name")
    if name and (made or not is_published(name)):
        publish(args.run, args.images or checkpoint["images"], name)


def main(arguments: list[str]) -> None:
    args = parse(arguments)
    try:
        if args.again:
            choose_again(args, torch.device(args.device))
        else:
            train(args)
    except KeyboardInterrupt:
        raise SystemExit(stopped(args) if rank() == 0 else 1) from None
