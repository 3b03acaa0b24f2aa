"""Which modules of the training may import which, and that none import each other in a circle."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "scripts" / "training"
# What each room may import from, beside itself. The commands, on top, may import from all.
MAY_IMPORT = {
    "recipe": set(),
    "nn": set(),
    "data": set(),
    "model": {"nn", "data"},
    "report": {"nn", "data", "model"},
    "stages": {"nn", "data", "report", "recipe"},
    "naming": {"data", "model", "report", "stages"},
}
LINES, FILES = 300, 12


def imports(package: Path) -> dict[str, set[str]]:
    """The modules of the package that each of its modules imports, for types only or not."""
    paths = {".".join(path.relative_to(package.parent).with_suffix("").parts): path for path in package.rglob("*.py")}
    found = {}
    for name, path in paths.items():
        targets = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                targets |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
            elif isinstance(node, ast.Import):
                targets |= {alias.name for alias in node.names}
        found[name] = targets & paths.keys()
    return found


def circle(graph: dict[str, set[str]]) -> list[str] | None:
    """Modules that import each other in a circle, if there are any."""
    finished = set()

    def visit(name: str, trail: list[str]) -> list[str] | None:
        if name in trail:
            return trail[trail.index(name) :]
        if name in finished:
            return None
        found = next((c for target in sorted(graph[name]) if (c := visit(target, [*trail, name]))), None)
        finished.add(name)
        return found

    return next((found for name in sorted(graph) if (found := visit(name, []))), None)


def test_no_modules_import_each_other_in_a_circle():
    graph = imports(PACKAGE)
    assert len(graph) > 25 and circle(graph) is None


def test_a_planted_circle_is_found(tmp_path):
    package = tmp_path / "training"
    (package / "nn").mkdir(parents=True)
    (package / "a.py").write_text("from training.nn import b\n")
    (package / "nn" / "b.py").write_text("def f():\n    from training.c import x\n")
    (package / "c.py").write_text("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import training.a\n")
    assert sorted(circle(imports(package))) == ["training.a", "training.c", "training.nn.b"]


@pytest.mark.parametrize("name", sorted(imports(PACKAGE)))
def test_a_module_imports_only_from_the_rooms_that_it_may(name):
    def room(module: str) -> str:
        return module.split(".")[1]

    if name.count(".") == 2 or room(name) in MAY_IMPORT:
        wrong = {target for target in imports(PACKAGE)[name] if room(target) not in MAY_IMPORT[room(name)] | {room(name)}}
        assert not wrong


def test_rooms_and_files_stay_small():
    for folder in {path.parent for path in PACKAGE.rglob("*.py")}:
        assert len(list(folder.glob("*.py"))) <= FILES, folder
    for path in PACKAGE.rglob("*.py"):
        assert len(path.read_text().splitlines()) <= LINES, path
