"""The head of the ONNX files is written anew: merged and split classes are what the files of all precisions answer."""

import onnx
import pytest
import torch
from training.model.heads import read_head, write_head
from training.model.onnx_files import Deployment, open_graph, write_fp16, write_fp32, write_int8
from training.naming.classes import Classes
from training.runtime_probes import PROBES, synthetic

SIZE, COUNT = 16, 5


@pytest.fixture(scope="module")
def images():
    return torch.randint(0, 256, (60, SIZE, SIZE, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def files(images, tmp_path_factory):
    depth, width, stem, _, hidden, dimensions, _, has_bias = PROBES["least"]
    network = synthetic(depth, width, stem, hidden, dimensions, COUNT, has_bias)
    folder = tmp_path_factory.mktemp("model")
    paths = {precision: folder / f"{precision}.onnx" for precision in ("fp32", "fp16", "int8")}
    write_fp32(Deployment(network, 0, torch.arange(COUNT), 0.1), SIZE, paths["fp32"])
    write_fp16(paths["fp32"], paths["fp16"])
    write_int8(paths["fp32"], images, paths["int8"])
    return paths


@pytest.fixture
def classes(files):
    return Classes(tuple("abcde"), *read_head(files["fp32"]))


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
def test_merged_classes_get_the_sum_of_the_probabilities(files, images, classes, precision, tmp_path):
    before, embedding = open_graph(files[precision])(images)
    merged = classes.merged([3, 1])
    write_head(files[precision], merged.weights, merged.groups, tmp_path / "merged.onnx")
    after, same = open_graph(tmp_path / "merged.onnx")(images)
    assert merged.names == ("a", "c", "d", "e")
    expected = torch.stack([before[:, 0], before[:, 2], before[:, 1] + before[:, 3], before[:, 4]], 1)
    torch.testing.assert_close(after, expected, atol=1e-6, rtol=0)
    assert torch.equal(same, embedding)


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
def test_a_file_answers_what_the_edited_classes_say(files, images, classes, precision, tmp_path):
    embedding = open_graph(files["fp32"])(images)[1]
    largest = int(classes.probabilities(embedding).argmax(1).bincount().argmax())
    edited = classes.split(largest, embedding).merged([0, 1])
    target = tmp_path / "edited.onnx"
    write_head(files[precision], edited.weights, edited.groups, target)
    probabilities, own = open_graph(target)(images)
    torch.testing.assert_close(probabilities, edited.probabilities(own), atol=1e-5, rtol=0)


def test_a_head_that_is_written_is_read_again_and_written_over(files, classes, tmp_path):
    merged, target = classes.merged([0, 4]), tmp_path / "file.onnx"
    write_head(files["int8"], merged.weights, merged.groups, target)
    weights, groups = read_head(target)
    assert torch.equal(weights, classes.weights) and groups.tolist() == [0, 1, 2, 3, 0]
    again = Classes(merged.names, weights, groups).merged([1, 2])
    write_head(target, again.weights, again.groups, target)
    assert read_head(target)[1].tolist() == [0, 1, 1, 2, 0]
    # With one unit for each class again, the graph is as it was.
    write_head(target, classes.weights, classes.groups, target)
    operators = [[node.op_type for node in onnx.load(path).graph.node] for path in (target, files["int8"])]
    assert operators[0] == operators[1]
    assert read_head(target)[1].tolist() == list(range(COUNT))
