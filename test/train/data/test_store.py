"""Images are read once into a file of squares: the same pixels, resumed, damaged files left out and named."""

import os

import numpy as np
import pytest
import torch
from training.data import store
from training.data.images import list_folder, load_folder
from training.data.store import read_once
from textures import NAMES, write_folder

SIZE = 12


@pytest.fixture
def images(tmp_path):
    return write_folder(tmp_path / "images", 30, size=16)


@pytest.fixture
def decoded(monkeypatch):
    """The names of the files that were decoded."""
    names, read_image = [], store.read_image

    def read(path, size):
        names.append(path.name)
        return read_image(path, size)

    monkeypatch.setattr(store, "read_image", read)
    return names


def test_the_squares_are_those_of_decoding_and_are_decoded_once(images, tmp_path, decoded):
    expected = load_folder(images, SIZE)
    for _ in range(2):
        folder = read_once(list_folder(images), SIZE, tmp_path)
        assert torch.equal(folder.pixels, expected.pixels) and torch.equal(folder.labels, expected.labels)
        assert (folder.paths, folder.classes, folder.damaged) == (expected.paths, NAMES, [])
    assert len(decoded) == 30
    read_once(list_folder(images), 8, tmp_path)
    assert len(decoded) == 60  # another size is another store


def test_the_squares_stay_on_the_disk(images, tmp_path):
    folder = read_once(list_folder(images), SIZE, tmp_path)
    written = np.fromfile(tmp_path / f"squares-{SIZE}" / "squares.bin", np.uint8)
    assert folder.pixels.untyped_storage().nbytes() == written.nbytes == 30 * 3 * SIZE**2
    assert np.array_equal(folder.pixels.numpy().ravel(), written)


def test_reading_that_was_interrupted_goes_on_where_it_stopped(images, tmp_path, monkeypatch, decoded):
    monkeypatch.setattr(store, "BLOCK", 10 * 3 * SIZE**2)
    read_image = store.read_image

    def interrupted(path, size):
        if len(decoded) >= 25:
            raise KeyboardInterrupt
        return read_image(path, size)

    with monkeypatch.context() as patch:
        patch.setattr(store, "read_image", interrupted)
        with pytest.raises(KeyboardInterrupt):
            read_once(list_folder(images), SIZE, tmp_path)
    decoded.clear()
    assert torch.equal(read_once(list_folder(images), SIZE, tmp_path).pixels, load_folder(images, SIZE).pixels)
    assert len(decoded) == 10  # two blocks of ten were kept


def test_damaged_images_are_left_out_and_named(images, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(store, "BLOCK", 7 * 3 * SIZE**2)
    expected = load_folder(images, SIZE)
    damaged = [expected.paths[i] for i in (0, 11, 29)]
    for path in damaged:
        (images / path).write_bytes(b"no picture")
    for _ in range(2):
        folder = read_once(list_folder(images), SIZE, tmp_path)
        kept = [i for i in range(30) if i not in (0, 11, 29)]
        assert folder.paths == [expected.paths[i] for i in kept]
        assert torch.equal(folder.pixels, expected.pixels[kept]) and torch.equal(folder.labels, expected.labels[kept])
        assert [line.split(":")[0] for line in folder.damaged] == damaged
    assert "3 images cannot be decoded" in capsys.readouterr().out
    listed = (tmp_path / f"squares-{SIZE}" / "damaged.txt").read_text().splitlines()
    assert [line.split(":")[0] for line in listed] == damaged


def test_an_image_that_changed_is_read_again(images, tmp_path):
    before = read_once(list_folder(images), SIZE, tmp_path).pixels.clone()
    first, second = (images / path for path in list_folder(images).paths[:2])
    first.write_bytes(second.read_bytes())
    os.utime(first, ns=(0, 1))
    after = read_once(list_folder(images), SIZE, tmp_path).pixels
    assert torch.equal(after[0], before[1]) and torch.equal(after[1:], before[1:])


def test_a_folder_of_damaged_images_only_is_refused(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"")
    with pytest.raises(ValueError, match="that can be decoded"):
        read_once(list_folder(tmp_path), SIZE, tmp_path / "run")
