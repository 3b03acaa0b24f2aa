"""The last step of a named run: export as a model, and a check of its files in onnxruntime-web."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from training.model.manifest import check_model_name

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "model"


def check_free(name: str) -> None:
    """Checks, before hours of training, that a model can have the name.

    Raises:
        SystemExit: if it is not of lower-case letters, digits and dashes, or taken.
    """
    try:
        check_model_name(name)
    except ValueError as error:
        raise SystemExit(str(error)) from None
    if is_published(name):
        raise SystemExit(f"--name: {MODELS / name} exists; choose another name, or remove that folder")


def is_published(name: str) -> bool:
    """Whether there is a model of the name, whole: its manifest is written last."""
    return (MODELS / name / "manifest.json").exists()


def publish(run: Path, images: str | Path, name: str) -> None:
    """Exports the last checkpoint of a run to ``model/NAME``, and checks it in onnxruntime-web."""
    from training import export_model  # here, because training alone needs none of its packages

    out = MODELS / name
    options = ["--checkpoint", str(run), "--name", name, "--out", str(out), "--images", str(images)]
    try:
        export_model.main([*options, "--license", "UNLICENSED"])
    except BaseException:
        if not is_published(name):
            shutil.rmtree(out, ignore_errors=True)  # half a model would stop the build
        raise
    node = ROOT / "node_modules/.bin/node"
    command = [str(node) if node.exists() else shutil.which("node"), str(ROOT / "scripts/build/verify.ts"), str(out)]
    subprocess.run(command, check=True)
    print(f"\nnpm run name-classes -- {name} --open    shows what is in each class, and takes its name")
    print(f"npm start    serves it: POST /v1/classify?model={name}")
