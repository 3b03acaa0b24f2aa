"""An export replaces what an export wrote, and nothing else."""

import os
import shutil

import pytest
import torch
from training.data.images import list_folder
from training.data.store import read_once
from training.naming.pictures import Pictures
from training.naming.write import write_csv, write_folders
from textures import write_folder


def pictures_below(root) -> Pictures:
    paths = list_folder(root).paths
    nothing = torch.empty(len(paths), 0)
    return Pictures(root, paths, [], nothing, nothing, nothing, nothing, nothing, root)


@pytest.fixture
def pictures(tmp_path):
    return pictures_below(write_folder(tmp_path / "images", 6, class_folders=False))


def files_below(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def images_below(folder):
    return sorted(name for name in files_below(folder) if name.endswith(".png"))


def test_an_export_replaces_the_one_before(pictures, tmp_path):
    write_folders(tmp_path / "sorted", pictures, ["a"] * 6)
    write_folders(tmp_path / "sorted", pictures, ["b"] * 6)
    assert images_below(tmp_path / "sorted") == [f"b/{path}" for path in pictures.paths]
    assert not (tmp_path / "sorted.part").exists()


@pytest.mark.parametrize("name", ["sorted", "sorted.part"])
def test_a_folder_of_somebody_else_stays(name, pictures, tmp_path):
    (tmp_path / name).mkdir()
    (tmp_path / name / "mine.txt").write_text("kept")
    with pytest.raises(ValueError, match=rf"--run: .*{name} is there, and no export wrote it"):
        write_folders(tmp_path / "sorted", pictures, ["a"] * 6)
    assert files_below(tmp_path / name) == {"mine.txt": b"kept"}


@pytest.mark.parametrize("below", ["sorted", "sorted/a", "."])
def test_pictures_in_an_export_stay(below, pictures, tmp_path):
    """The folder itself, one below it, and one around it, as links and as the folder that a link leads to."""
    write_folders(tmp_path / "sorted", pictures, ["a"] * 6)
    before = files_below(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / below, target_is_directory=True)
    for root in (tmp_path / below, tmp_path / "link"):
        shown = pictures_below(root)
        with pytest.raises(ValueError, match="--run: the export would replace .*sorted, which holds"):
            write_folders(tmp_path / "sorted", shown, ["b"] * len(shown.paths))
    (tmp_path / "link").unlink()
    assert files_below(tmp_path) == before


def test_an_export_that_fails_leaves_the_one_before(pictures, tmp_path):
    write_folders(tmp_path / "sorted", pictures, ["a"] * 6)
    before = files_below(tmp_path / "sorted")
    (pictures.root / pictures.paths[3]).unlink()
    with pytest.raises(OSError):
        write_folders(tmp_path / "sorted", pictures, ["b"] * 6)
    assert files_below(tmp_path / "sorted") == before


def test_a_table_of_somebody_else_stays(pictures, tmp_path):
    table = tmp_path / "labels.csv"
    for name in ("a", "b"):
        write_csv(table, pictures, [name] * 6, torch.ones(6))
    assert table.read_text().splitlines()[1] == f"{pictures.paths[0]},b,1.0000"
    table.write_text("image,label\n")
    with pytest.raises(ValueError, match="no export wrote it"):
        write_csv(table, pictures, ["a"] * 6, torch.ones(6))
    assert table.read_text() == "image,label\n"


def test_names_of_files_need_not_be_utf_8(pictures, tmp_path, capsys):
    root = pictures.root
    shutil.copy(root / pictures.paths[0], os.fsencode(root) + b"/caf\xe9.png")
    with open(os.fsencode(root) + b"/broken\xe9.png", "wb"):
        pass
    shown = read_once(list_folder(root), 16, tmp_path)
    said = capsys.readouterr().out
    assert "broken\\udce9.png: " in said
    assert (tmp_path / "squares-16" / "damaged.txt").read_text().startswith("broken\\udce9.png: ")
    assert len(shown.paths) == 7
    all_of_them = Pictures(**{**vars(pictures), "paths": shown.paths})
    write_csv(tmp_path / "labels.csv", all_of_them, ["a"] * 7, torch.ones(7))
    assert "caf\\udce9.png,a,1.0000" in (tmp_path / "labels.csv").read_text().splitlines()
    write_folders(tmp_path / "sorted", all_of_them, ["a"] * 7)
    assert len(images_below(tmp_path / "sorted")) == 7
