"""The gallery of a model: which images are taken, and how they are stored."""

import json
import struct

from training import gallery
import numpy as np
import torch
import torch.nn.functional as F


def clusters(sizes):
    """Embeddings in tight clusters around the axes, in the order of the clusters."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))
    noise = torch.randn(len(labels), 8, generator=generator)
    return F.normalize(10 * torch.eye(8)[labels] + noise, dim=1), labels


def test_an_image_among_those_of_another_label_is_left_out():
    embeddings, labels = clusters([30, 30])
    labels[3], labels[40] = 1, 0
    expected = torch.ones(60, dtype=torch.bool)
    expected[[3, 40]] = False
    assert gallery.agreeing(embeddings, labels, k=10).equal(expected)


def test_classes_are_taken_evenly_and_no_more_than_there_are():
    embeddings, labels = clusters([50, 40, 25])
    for count, each in [(30, 10), (100, 25)]:
        chosen = gallery.choose(embeddings, labels, count)
        assert labels[chosen].bincount().tolist() == [each] * 3


def test_a_file_holds_what_it_was_made_of():
    embeddings, _ = clusters([5])
    scales, codes = gallery.quantize(embeddings)
    file = gallery.index_file({"name": "m", "version": "1.0.0"}, list("abcde"), [{"label": "x"}] * 5, scales, codes)
    assert file[:8] == b"unlabel1"
    (length,) = struct.unpack("<I", file[8:12])
    assert length % 4 == 0
    header = json.loads(file[12 : 12 + length])
    assert header == {"model": {"name": "m", "version": "1.0.0"}, "dimensions": 8, "count": 5, "rows": "int8"}
    rows = 12 + length
    stored_scales = np.frombuffer(file[rows : rows + 20], "<f4")
    stored = np.frombuffer(file[rows + 20 : rows + 60], np.int8).reshape(5, 8) * stored_scales[:, None]
    assert np.abs(stored - embeddings.numpy()).max() <= stored_scales.max() / 2 + 1e-6
    assert json.loads(file[rows + 60 :]) == [[name, {"label": "x"}] for name in "abcde"]
