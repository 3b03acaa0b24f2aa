"""Names, merges and splits the classes of a model, by looking at its images.

    npm run name-classes -- NAME                       serves a page on this machine with all images; --open shows it
    npm run name-classes -- NAME --names cat,dog,...   takes the names in the order of the classes
    npm run name-classes -- NAME --labeled DIR         takes them from a few images of each kind, in folders of their names

The images are those of the run (``runs/NAME``) or of ``--images``. What the page saves, the model answers. ``--labeled``
matches folders and classes one to one (Hungarian map); classes without a folder keep their names. Names alone do not
change the weights.
"""

from __future__ import annotations

import argparse
import webbrowser
from pathlib import Path

from training import publish
from training.data.images import load_labeled
from training.model.manifest import path_of, read_manifest
from training.model.onnx_files import open_graph, predict_all
from training.naming.pictures import open_pictures
from training.naming.server import NamingServer
from training.naming.session import Session, match
from training.naming.write import rename
from training.stages.checkpoint import read

PAGE = publish.ROOT / "dist" / "naming"  # built by scripts/naming/build.ts


def name_by_folders(model: Path, images: Path) -> None:
    """Names the classes after class folders of a few images."""
    manifest = read_manifest(model)
    labeled = load_labeled(images, manifest["input"]["width"], "--labeled")
    probabilities, _ = predict_all(open_graph(path_of(model, "fp32")), labeled.pixels.permute(0, 2, 3, 1))
    names = match(labeled.labels, labeled.classes, probabilities.argmax(1), manifest["classes"])
    rename(model, names, "hungarian")


def serve(model: Path, images: Path | None, run: Path, port: int, show: bool) -> None:
    """Serves the page until Ctrl-C."""
    if images is None:
        if not (run / "checkpoint.pt").exists():
            raise ValueError(f"--images: expected a folder of images, as there is no run in {run}")
        images = Path(read(run / "checkpoint.pt")["images"])
    pictures = open_pictures(model, images, run)
    for damaged in pictures.damaged:
        print(f"left out: {damaged}")
    server = NamingServer(Session(model, run, pictures), PAGE, port)
    print(f"{len(pictures.paths)} images, at {server.address}  (Ctrl-C ends)", flush=True)
    if show:
        webbrowser.open(server.address)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print()
    finally:
        server.server_close()


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="name-classes", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("name", help="name of the model, or its folder")
    parser.add_argument("--names", help="names in the order of the classes, separated by commas")
    parser.add_argument("--labeled", type=Path, help="a few images of each kind, in folders of their names")
    parser.add_argument("--run", type=Path, help="folder of the run, and of what the page exports (default: runs/NAME)")
    parser.add_argument("--images", type=Path, help="images to show (default: those of the run)")
    parser.add_argument("--open", action="store_true", help="opens the page in the browser")
    parser.add_argument("--port", type=int, default=0, help="of the page (default: a free one)")
    args = parser.parse_args(arguments)
    model = publish.MODELS / args.name  # a whole path stays what it is
    if not (model / "manifest.json").exists():
        raise SystemExit(f"Expected the name of a model in {publish.MODELS}, got {args.name}")
    try:
        if args.names:
            rename(model, [name.strip() for name in args.names.split(",")], "person")
        elif args.labeled:
            name_by_folders(model, args.labeled)
        else:
            serve(model, args.images, args.run or Path("runs", model.name), args.port, args.open)
    except ValueError as error:
        raise SystemExit(str(error)) from None
    print(", ".join(read_manifest(model)["classes"]))
