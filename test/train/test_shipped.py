"""A shipped model as the start of a run."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from test_train import run
from textures import textures, write_folder

from training.model.manifest import file_entry, read_manifest, training_record, write_manifest
from training.model.onnx_files import Deployment, open_graph, write_fp32
from training.model.shipped import load_model
from training.nn.network import build

RECIPE = {"depth": 10, "width": 8, "stem": "cifar", "hidden": 32, "dimensions": 16, "heads": [3, 9], "classes": 3}


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    return textures(300)[0]


@pytest.fixture(scope="module", params=[False, True], ids=["projector", "linear"])
def model(request, images, tmp_path_factory) -> Path:
    torch.manual_seed(3)
    recipe = RECIPE | {"linear": request.param}
    network = build(recipe)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d | torch.nn.BatchNorm1d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.uniform_(module.bias, -0.5, 0.5)
    with torch.no_grad():
        for _ in range(50):  # the running statistics
            network.train()(images.float())
    folder = tmp_path_factory.mktemp("models") / "toy"
    folder.mkdir()
    path = folder / "toy.fp32.onnx"
    write_fp32(Deployment(network, 0, torch.tensor([2, 0, 1]), 0.1), 16, path)
    training = {"recipe": recipe, "stages": {"pretrain": 2}, "seconds": 60, "multiplyAccumulates": 10}
    training["init"] = {"model": "seed", "version": "1.0.0", "multiplyAccumulates": 5}
    manifest = {"name": "toy", "version": "1.0.0", "classes": ["a", "b", "c"], "input": {"width": 16, "height": 16}, "training": training}
    write_manifest(folder, manifest | {"files": [file_entry(path, {}, precision="fp32")]})
    return folder


def test_the_network_answers_as_the_file(model, images):
    network = load_model(model, images[:100])
    with torch.no_grad():
        embedding = network(images.float())[1]
    probabilities, expected = open_graph(model / "toy.fp32.onnx")(images.permute(0, 2, 3, 1).contiguous())
    torch.testing.assert_close(embedding, expected, atol=1e-4, rtol=0)
    torch.testing.assert_close((network.logits(embedding)[0] / 0.1).softmax(1), probabilities, atol=1e-3, rtol=0)


def test_it_trains_with_statistics_of_the_batch_as_it_answers(model, images):
    network = load_model(model, images)
    with torch.no_grad():
        answers = network(images.float())[1]
        trained = network.train()(images.float())[1]
    assert (answers * trained).sum(1).min() > 0.99


def test_a_run_starts_from_a_model_or_goes_on_from_a_run(model, tmp_path):
    folder = write_folder(tmp_path / "images", 300)
    state = run(tmp_path / "run", folder, "--init", str(model), "--epochs", "1")
    assert state["init"] == {"model": "toy", "version": "1.0.0", "multiplyAccumulates": 15}
    assert training_record(state, "")["init"]["version"] == "1.0.0"
    again = run(tmp_path / "again", folder, "--init", str(tmp_path / "run"), "--epochs", "1")
    assert again["earlier"]["epochs"] == 1


def test_it_starts_with_the_features_of_the_model(model, tmp_path, images):
    folder = write_folder(tmp_path / "images", 300)
    begun = ["--epochs", "1", "--lr", "0", "--rest-lr", "0", "--optimizer", "muon"]
    state = run(tmp_path / "run", folder, "--init", str(model), *begun)
    network = build(state["config"])
    network.load_state_dict(state["network"])
    with torch.no_grad():
        outputs = [net.eval()(images.float()) for net in (network, load_model(model, images))]
    features, embeddings = zip(*outputs, strict=True)
    assert F.cosine_similarity(*(part - part.mean(0) for part in features)).mean() > 0.9
    # A run has a projector of two layers, which begins anew where the model has none.
    begins_with_it = not read_manifest(model)["training"]["recipe"]["linear"]
    assert ((embeddings[0] * embeddings[1]).sum(1).mean() > 0.9) == begins_with_it


def test_a_backbone_of_another_shape_is_refused(model, tmp_path):
    folder = write_folder(tmp_path / "images", 300)
    with pytest.raises(ValueError, match="--init: the backbone there has another shape; train with --depth 10, --width 8"):
        run(tmp_path / "run", folder, "--init", str(model), "--epochs", "1", "--width", "16")
