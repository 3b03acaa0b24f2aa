"""A run to a model that the server serves: exported, quantized, and run in onnxruntime-web."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "model"
NAME = r"[a-z0-9-]+"


def check_name(name: str) -> None:
    """Refuses, before hours of training, a name that no model can have.

    Raises:
        SystemExit: where it is not of lower-case letters, digits and dashes, or taken.
    """
    if not re.fullmatch(NAME, name):
        raise SystemExit(f"--name: lower-case letters, digits and dashes only, not {name!r}")
    if (MODELS / name).exists():
        raise SystemExit(f"--name: {MODELS / name} is there already; choose another name, or remove that folder")


def publish(run: Path, images: str | Path, name: str) -> None:
    """Writes ``model/NAME`` of the last checkpoint of a run, and has onnxruntime-web check it."""
    import export  # not before: training needs none of its packages

    out = MODELS / name
    export.main([
        *("--checkpoint", str(run), "--name", name, "--out", str(out), "--images", str(images)),
        *("--license", "UNLICENSED"),
    ])  # fmt: skip
    node = ROOT / "node_modules/.bin/node"
    command = [str(node) if node.exists() else shutil.which("node"), str(ROOT / "scripts/verify.ts"), str(out)]
    subprocess.run(command, check=True)
    print(f"\nnpm run name-classes -- {name}    names its classes by their most typical pictures")
    print(f"npm start    serves it: POST /v1/classify?model={name}")
