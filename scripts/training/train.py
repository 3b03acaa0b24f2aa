"""Trains a Self-Classifier from scratch on a folder of images, without labels.

    python scripts/training/train.py --images DIR --classes 12 --name pets
    python scripts/training/train.py --images DIR --preset cifar10-cpu --run runs/cifar10
    python scripts/training/train.py --run runs/cifar10 --resume
    torchrun --nproc-per-node 8 -- scripts/training/train.py --images DIR --preset imagenet --run runs/imagenet

Three stages, each of which the recipe can leave out: pretraining (``pretrain.py``); sharper classes (``refine.py``); a
smaller network for the edge (``distill.py``). The later ones take sets that fit in memory, on one device. With
``--name`` the run ends as a model that the server serves (``publish.py``).

Class folders below DIR are used to print an accuracy while training, never to train. The checkpoint
(``RUN/checkpoint.pt``) is written after every epoch, and a resumed run ends with the same weights as one that was
never interrupted (with another number of processes it sees the same batches, and other random views from there on).
``evaluate.py`` measures it, ``export.py`` turns it into a model that the server loads.

Seen with ``cifar10-cpu`` on 5,000 test images: 107 minutes on two CPU cores with AVX512-BF16 gave ACC 46.2, NMI 39.4 and
a linear probe of 70.5 % on the features; 78 minutes more from there (``--init``, lr 0.15) and the refinement, 24 minutes,
ACC 48.7, NMI 42.1. ``cifar10-h200`` and ``imagenet`` have not been run at full length.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import os
import sys
from pathlib import Path

# Threads of PyTorch that wait for others sleep. On cores that other programs use too, spinning took three times as long;
# it has to be said before the import.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import torch

from distill import DISTILLATION
from distributed import device_name, processes, rank
from images import Folder, list_folder, load_folder
from monitor import Monitor
from pretrain import Trainer
from publish import check_name, publish
from recipe import PRESETS, add_options, config_of, given_options
from refine import REFINEMENT
from stage import forget_later, save

FEW = 500  # images a class
PLATEAU = "plateau.pt"  # the last checkpoint before the learning rate falls
MONITORED = 3  # epochs from one look at the labelled images to the next


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--images", type=Path, help="folder of images, with or without class folders")
    parser.add_argument("--name", help="makes a model of this name of the run: lower-case letters, digits and dashes")
    parser.add_argument("--run", type=Path, help="folder of the checkpoint (default: runs/NAME)")
    photos = "photos-gpu" if torch.cuda.is_available() else "photos-cpu"
    parser.add_argument("--preset", choices=sorted(PRESETS), default=photos, help=f"default here: {photos}")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in --run; options given again replace its own")
    parser.add_argument("--extend", action="store_true", help="as --resume, from before the learning rate fell: with more --epochs or --minutes")
    parser.add_argument("--monitor", type=Path, help="class folders that training never sees: kNN and ACC are printed and kept, and choose nothing")
    parser.add_argument("--init", type=Path, help="checkpoint of another run to start from: its network, of the same shape")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    add_options(parser)
    args = parser.parse_args(arguments)
    if args.name:
        check_name(args.name)
        args.run = args.run or Path("runs", args.name)
    elif not args.run:
        parser.error("--name or --run: needs the name of a model, or a folder for the run alone")
    return args


def pretrain(args: argparse.Namespace, device: torch.device) -> Folder | None:
    """Trains to the end of the schedule; gives process 0 the images that it holds in memory, if it does."""
    path, first = args.run / "checkpoint.pt", rank() == 0
    if args.resume or args.extend:
        saved = torch.load(args.run / PLATEAU if args.extend else path, map_location=device, weights_only=True)
        images, preset = args.images or Path(saved["images"]), saved["preset"]
        config = config_of(saved)
    elif args.images is None:
        raise SystemExit("--images: name a folder of images, or --resume a run")
    else:
        saved, images, preset, config = None, args.images, args.preset, PRESETS[args.preset]
    config = dataclasses.replace(config, **given_options(args))
    files = list_folder(images)
    count = len(files.paths)
    streamed = count * 3 * config.stored**2 > config.memory_gib * 2**30
    if config.queue > count // 2:
        config = dataclasses.replace(config, queue=count // 3)
    if first:
        where = "decoded as needed" if streamed else "in memory"
        print(f"{count} images, {where}, {config.heads} classes, {device_name(device)}")
        if count < FEW * config.classes:
            print(
                f"warning: {count} images are few for {config.classes} classes: with less than {FEW} a class, expect classes "
                "that follow colours and backgrounds more than what is shown"
            )
        if config.batch < 10 * config.classes:
            print(f"warning: --batch {config.batch} is below ten images a class; the uniform prior will not hold in a batch")
    folder = files if streamed else load_folder(images, config.stored)
    trainer = Trainer(config, folder, device)
    if saved:
        trainer.load(saved)
    elif args.init:
        trainer.start_from(torch.load(args.init, map_location=device, weights_only=True))
    args.run.mkdir(parents=True, exist_ok=True)
    monitor = Monitor(folder, args.monitor, config) if args.monitor and first else None
    while not trainer.done:
        plateau = trainer.progress <= 1 - config.decay
        entry = trainer.epoch(show_bar=first and sys.stderr.isatty())
        if monitor and trainer.done_epochs % MONITORED == 0:
            entry["monitor"] = monitor.measure(trainer.average)
        state = trainer.state()
        if not first:
            continue
        state |= {"images": str(images), "preset": preset}
        if plateau and config.decay < 1:
            save(state, args.run / PLATEAU)
        save(state, path)
        forget_later(args.run, path.name)
        accuracy = f"  train ACC {entry['train_acc']:.3f}" if "train_acc" in entry else ""
        print(
            f"epoch {entry['epoch']:4d}  {entry['progress']:6.1%}  {entry['seconds']:7.0f} s  loss {entry['loss']:.4f}"
            f"  main {entry['loss_heads'][0]:.4f} (collapse {math.log(config.classes):.4f})"
            f"  classes {entry['classes_used']}{accuracy}",
            *(f"{key} {entry[key]:.3f}" for key in ("paired", "pairs_right") if key in entry),
            *(f"{key} {100 * value:.1f}" for key, value in entry.get("monitor", {}).items()),
            flush=True,
        )
    if first and streamed:
        print("refinement and distillation take sets that fit in memory: left out")
    return folder if first and not streamed else None


def main(arguments: list[str]) -> None:
    args = parse(arguments)
    with processes(args.device) as device:
        first = rank() == 0
        folder = pretrain(args, device)
    if folder:
        for stage in (REFINEMENT, DISTILLATION):
            stage.run(args.run, folder, device)
    if args.name and first:
        images = args.images or torch.load(args.run / "checkpoint.pt", weights_only=True)["images"]
        publish(args.run, images, args.name)


if __name__ == "__main__":
    main(sys.argv[1:])
