"""From a checkpoint to a model folder: the files answer as the network does, and the manifest tells the truth."""

import ast
import base64
import hashlib
import json
import re
import shutil
from types import SimpleNamespace

from training import export_model as export_module
import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from training import transfer
from training.export_model import export
from training.model.manifest import golden_image, labels_module, read_manifest, write_manifest
from training.report.card import per_class
from training.report.plots import plot_confusion
from training.model.onnx_files import Deployment, open_graph, predict_all, write_fp32, write_int8
from training.data.images import load_folder
from training.nn.network import SelfClassifier
from PIL import Image
from torch.nn import functional as F

COLORS = {"blue": (40, 60, 200), "green": (40, 190, 60), "red": (210, 50, 40)}
SIZE, HEADS, HEAD, TAU = 16, [3, 3, 6], 1, 0.1


def write_pictures(root, count: int, seed: int):
    """``count`` noisy pictures a color, in class folders."""
    rng = np.random.default_rng(seed)
    for name, color in COLORS.items():
        (root / name).mkdir(parents=True)
        for i in range(count):
            pixels = np.clip(color + rng.normal(0, 40, (SIZE, SIZE, 3)) + rng.normal(0, 25), 0, 255)
            Image.fromarray(pixels.astype(np.uint8)).save(root / name / f"{i}.png")
    return root


@pytest.fixture(scope="module")
def train_dir(tmp_path_factory):
    return write_pictures(tmp_path_factory.mktemp("train"), 40, 0)


@pytest.fixture(scope="module")
def test_dir(tmp_path_factory):
    return write_pictures(tmp_path_factory.mktemp("test"), 40, 1)


@pytest.fixture(scope="module")
def unknown_dir(tmp_path_factory):
    """Gray noise: none of the colors."""
    root, rng = tmp_path_factory.mktemp("unknown"), np.random.default_rng(2)
    for i in range(30):
        Image.fromarray(rng.integers(90, 160, (SIZE, SIZE), dtype=np.uint8)).save(root / f"{i}.png")
    return root


@pytest.fixture(scope="module")
def network(train_dir):
    """A small network taught the colors in another order than the names': output k is label ``k + 1 mod 3``."""
    torch.manual_seed(0)
    network = SelfClassifier(10, 4, "tiny", 16, 8, HEADS)
    folder = load_folder(train_dir, SIZE)
    optimizer = torch.optim.AdamW(network.parameters(), 1e-2)
    for _ in range(25):
        logits = network.logits(network(folder.pixels.float())[1])[HEAD]
        optimizer.zero_grad()
        F.cross_entropy(logits / TAU, (folder.labels - 1) % 3).backward()
        optimizer.step()
    return network.eval()


@pytest.fixture(scope="module")
def checkpoint(network, tmp_path_factory):
    config = {"depth": 10, "width": 4, "stem": "tiny", "hidden": 16, "dimensions": 8, "heads": HEADS}
    state = {
        "config": config | {"classes": 3, "size": SIZE, "tau_row": TAU, "tau_col": 0.05, "seed": 7, "epochs": 30},
        "network": network.state_dict(),
        "epoch": 25,
        "seconds": 3.4,
        "history": [{"loss": 0.4, "loss_heads": [0.9, 0.2, 0.1], "train_acc": 0.9}],
        "device": "2 CPU cores",
        "count": 120,
        "images": "/private/images",
    }
    path = tmp_path_factory.mktemp("run") / "checkpoint.pt"
    torch.save(state, path)
    return path


def arguments(checkpoint, train_dir, out, **changes):
    values = {"name": "colors", "version": "1.2.0", "description": None, "data_note": "Painted colors."}
    values |= {"checkpoint": checkpoint, "images": train_dir, "out": out, "license": "CC0-1.0", "unknown": None}
    return SimpleNamespace(
        **values | dict.fromkeys(["labeled", "class_names", "test", "predictions", "report"]) | changes
    )


@pytest.fixture(scope="module")
def model(checkpoint, train_dir, test_dir, unknown_dir, tmp_path_factory):
    """The folder of an export with labels and test images."""
    out = tmp_path_factory.mktemp("model") / "colors"
    export(arguments(checkpoint, train_dir, out, labeled=train_dir, test=test_dir, unknown=unknown_dir))
    return out


@pytest.fixture(scope="module")
def manifest(model):
    return json.loads((model / "manifest.json").read_text())


@pytest.fixture(scope="module")
def images(test_dir):
    return load_folder(test_dir, SIZE).pixels.permute(0, 2, 3, 1).contiguous()


def test_fp32_answers_as_pytorch(model, manifest, network, images):
    probabilities, embedding = predict_all(open_graph(model / "colors.fp32.onnx"), images)
    with torch.no_grad():
        expected = network(images.permute(0, 3, 1, 2).float())[1]
        logits = network.logits(expected)[HEAD]
    assert (embedding - expected).abs().max() < 1e-4
    # Outputs are the head's, in the order of the sorted class names, at the calibrated temperature.
    tau = TAU * manifest["confidence"]["temperature"]
    assert (probabilities - torch.softmax(logits[:, [2, 0, 1]] / tau, 1)).abs().max() < 1e-4


def test_fp16_agrees_with_fp32_and_is_half_as_large(model, images):
    half, whole = (model / f"colors.{precision}.onnx" for precision in ("fp16", "fp32"))
    for a, b in zip(predict_all(open_graph(half), images), predict_all(open_graph(whole), images)):
        assert a.dtype == torch.float32
        assert (a - b).abs().max() < 5e-3
    assert half.stat().st_size < 0.75 * whole.stat().st_size


def test_fp16_computes_no_step_after_the_projector_in_halves(model):
    nodes = onnx.load(model / "colors.fp16.onnx").graph.node
    last = max(i for i, node in enumerate(nodes) if node.op_type == "Gemm")
    assert {node.attribute[0].i for node in nodes[last:] if node.op_type == "Cast"} == {onnx.TensorProto.FLOAT}


def test_confidence_is_measured(manifest, model):
    confidence = manifest["confidence"]
    assert confidence["ece"] == manifest["files"][0]["metrics"]["ece"] <= confidence["eceBefore"] + 0.02
    assert confidence["unknown"]["keeps"] > 0.8
    card = (model / "card.md").read_text()
    assert f"{confidence['unknown']['aurocScore']:.3f}" in card
    for picture in ("training.svg", "confusion.svg", "reliability.svg"):
        assert f"]({picture})" in card
        assert (model / picture).read_text().startswith("<?xml")


def test_int8_agrees_with_pytorch(model, manifest, network, images):
    tau = TAU * manifest["confidence"]["temperature"]
    with torch.no_grad():
        expected, _ = Deployment(network, HEAD, torch.tensor([2, 0, 1]), tau)(images)
    probabilities, embedding = predict_all(open_graph(model / "colors.int8.onnx"), images)
    best = expected.topk(2).values
    clear = best[:, 0] - best[:, 1] > 0.1
    assert clear.float().mean() > 0.9
    assert (probabilities.argmax(1) == expected.argmax(1))[clear].float().mean() >= 0.98
    assert (embedding.norm(dim=1) - 1).abs().max() < 1e-5


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_an_image_gets_the_same_answer_alone_and_in_a_batch(model, images, precision):
    predict = open_graph(model / f"colors.{precision}.onnx")
    for one, many in zip(predict(images[:1]), predict(images[:32])):
        assert len(many) == 32
        assert (one[0] - many[0]).abs().max() < 1e-5


def test_graphs_take_bytes_and_hold_no_notes(model):
    fp32, int8 = (onnx.load(model / f"colors.{precision}.onnx") for precision in ("fp32", "int8"))
    for graph in (fp32.graph, int8.graph):
        tensor = graph.input[0].type.tensor_type
        assert tensor.elem_type == onnx.TensorProto.UINT8
        assert [d.dim_value for d in tensor.shape.dim] == [0, SIZE, SIZE, 3]
        assert not any(node.metadata_props or node.doc_string for node in graph.node)
    assert "BatchNormalization" not in {node.op_type for node in fp32.graph.node}
    assert {opset.domain for opset in fp32.opset_import} == {""}
    assert {opset.domain for opset in int8.opset_import} == {"", "com.microsoft"}


def test_int8_leaves_onnxruntime_nothing_to_optimize(model, images):
    path = model / "colors.int8.onnx"
    answers = []
    for level in ("ORT_DISABLE_ALL", "ORT_ENABLE_ALL"):
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        answers.append(session.run(None, {"image": images[:8].numpy()}))
    for plain, optimized in zip(*answers):
        np.testing.assert_array_equal(plain, optimized)
    operators = {node.op_type for node in onnx.load(path).graph.node}
    assert "QLinearConv" in operators and "Conv" not in operators


def test_int8_stores_every_matrix_but_the_class_weights_in_bytes_and_pixels_exactly(model):
    graph = onnx.load(model / "colors.int8.onnx").graph
    weights = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    assert [w.shape for w in weights.values() if w.dtype == np.float32 and w.ndim > 1] == [(8, 3)]
    first = next(node for node in graph.node if node.op_type == "QuantizeLinear")
    assert (weights[first.input[1]], weights[first.input[2]]) == (1 / 64, 118)


def test_int8_leaves_a_linear_embedding_in_floats(network, images, tmp_path):
    linear = SelfClassifier(10, 4, "tiny", 0, 8, HEADS).eval()
    linear.backbone = network.backbone
    with torch.no_grad():
        expected = linear(images.permute(0, 3, 1, 2).float())[1]
    write_fp32(Deployment(linear, HEAD, torch.arange(3), TAU), SIZE, tmp_path / "fp32.onnx")
    write_int8(tmp_path / "fp32.onnx", images, tmp_path / "int8.onnx")
    weights = [onnx.numpy_helper.to_array(tensor) for tensor in onnx.load(tmp_path / "int8.onnx").graph.initializer]
    assert sorted(w.shape for w in weights if w.dtype == np.float32 and w.ndim > 1) == [(8, 3), (8, 32)]
    embedding = open_graph(tmp_path / "int8.onnx")(images)[1]
    assert (embedding * expected).sum(1).mean() > 0.95


def test_manifest_describes_the_files(model, manifest):
    assert [file["precision"] for file in manifest["files"]] == ["int8", "fp16", "fp32"]
    for file in manifest["files"]:
        data = (model / file["file"]).read_bytes()
        assert (file["bytes"], file["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert manifest["input"] == {"width": SIZE, "height": SIZE}
    assert (manifest["version"], manifest["license"]) == ("1.2.0", "CC0-1.0")
    training = manifest["training"]
    assert (training["seed"], training["epochs"], training["images"], training["seconds"]) == (7, 25, 120, 3)
    assert "/private" not in (model / "manifest.json").read_text()


def test_classes_are_named_by_the_hungarian_map(manifest):
    assert (manifest["classes"], manifest["classNames"]) == (["blue", "green", "red"], "hungarian")
    for file in manifest["files"]:
        assert file["metrics"]["accuracy"] > 0.95
        assert file["metrics"]["agreement"] > 0.98
        assert set(file["metrics"]) == {"accuracy", "nmi", "ami", "ari", "knn20", "linear", "ece", "agreement"}


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_golden_outputs_are_reproduced(model, manifest, precision):
    image = np.frombuffer(base64.b64decode(manifest["golden"]["input"]), np.uint8).reshape(1, SIZE, SIZE, 3)
    answer = open_graph(model / f"colors.{precision}.onnx")(torch.from_numpy(image.copy()))
    expected = manifest["golden"]["outputs"][precision]
    for values, key in zip(answer, ("probabilities", "embedding"), strict=True):
        assert (values[0] - torch.tensor(expected[key])).abs().max() < 1e-5


def test_golden_image_is_not_flat():
    image = golden_image(32)
    assert image.shape == (32, 32, 3)
    assert image.std((0, 1)).min() > 50


def test_same_checkpoint_gives_the_same_bytes(checkpoint, train_dir, test_dir, unknown_dir, model, tmp_path):
    export(arguments(checkpoint, train_dir, tmp_path / "colors", labeled=train_dir, test=test_dir, unknown=unknown_dir))
    for file in ("colors.fp32.onnx", "colors.int8.onnx", "manifest.json", "card.md", "training.svg", "confusion.svg"):
        assert (tmp_path / "colors" / file).read_bytes() == (model / file).read_bytes(), file


def test_card_holds_the_figures_of_the_manifest(model, manifest):
    card = (model / "card.md").read_text()
    accuracy = [100 * file["metrics"]["accuracy"] for file in manifest["files"]]
    assert f"| {accuracy[1]:.1f} | {accuracy[2]:.1f} | {accuracy[0]:.1f} |" in card  # fp16, fp32, int8
    assert "Painted colors." in card
    assert "CC0-1.0" in card
    assert "/private" not in card
    assert "CIFAR" not in card


def test_without_labels_classes_are_numbered(checkpoint, train_dir, test_dir, network, images, tmp_path):
    manifest = export(arguments(checkpoint, train_dir, tmp_path / "colors", test=test_dir))
    assert (manifest["classes"], manifest["classNames"]) == (["class-0", "class-1", "class-2"], "numbered")
    assert set(manifest["files"][0]["metrics"]) == {"nmi", "ami", "ari", "agreement"}
    with torch.no_grad():
        expected = network.logits(network(images.permute(0, 3, 1, 2).float())[1])[HEAD]
    probabilities, _ = predict_all(open_graph(tmp_path / "colors" / "colors.fp32.onnx"), images)
    assert torch.equal(probabilities.argmax(1), expected.argmax(1))


def test_folders_get_the_first_of_their_readable_names(checkpoint, train_dir, tmp_path):
    names = tmp_path / "names.txt"
    names.write_text("green\tlime, light green\nblue\tnavy\nred\tcrimson, dark red\nblack\tink\n")
    report = {
        "kmeans": {"accuracy": 0.61, "nmi": 0.5, "ari": 0.4},
        "features": {"knn20": 0.7, "linear": 0.8},
        "embedding": {"knn20": 0.6, "linear": 0.65},
        "overclustered": [{"classes": 6, "purity": 0.9}],
    }
    (tmp_path / "report.json").write_text(json.dumps(report))
    told = arguments(
        checkpoint, train_dir, tmp_path / "colors", labeled=train_dir, class_names=names, report=tmp_path / "report.json"
    )
    manifest = export(told)
    assert manifest["classes"] == ["navy", "lime", "crimson"]
    assert manifest["classIds"] == ["blue", "green", "red"]
    card = (tmp_path / "colors/card.md").read_text()
    assert "| 61.0 / 50.0 / 40.0 |" in card and "head of 6 classes | 90.0 |" in card

    for text, message in (("blue\tnavy\n", "no name for green, red"), ("blue\tx\ngreen\tx, y\nred\tz\n", "x: more than once")):
        names.write_text(text)
        with pytest.raises(ValueError, match=f"--class-names: {message}"):
            export(told)


def test_a_frozen_embedding_is_measured_on_other_data_beside_another_model(model, train_dir, test_dir, tmp_path):
    first, other = tmp_path / "colors", tmp_path / "other"
    for folder in (first, other):
        shutil.copytree(model, folder)
    transfer.main([
        *("--model", str(first), "--beside", str(other), "--data", "Paint"),
        *("--train", str(train_dir), "--test", str(test_dir)),
    ])  # fmt: skip
    told = json.loads((first / "manifest.json").read_text())["files"][0]["metrics"]
    expected = {key: told[key] for key in ("knn20", "linear")}
    assert json.loads((first / "evaluation.json").read_text())["transfer"] == {"Paint": {"colors": expected, "other": expected}}
    assert f"| other | {100 * expected['knn20']:.1f} | {100 * expected['linear']:.1f} |" in (first / "card.md").read_text()


def test_labels_module_is_written_above_the_model(model):
    text = (model.parent / "labels.d.ts").read_text()
    assert "  colors: 'blue' | 'green' | 'red';\n" in text


def test_labels_module_quotes_and_breaks_as_needed(tmp_path):
    models = {"tiny-net": ["lion's mane", "boat"], "wide": [f"long-class-name-{i}" for i in range(8)]}
    for name, classes in models.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text(json.dumps({"name": name, "classes": classes}))
    lines = labels_module(tmp_path).splitlines()
    assert """  'tiny-net': "lion's mane" | 'boat';""" in lines
    assert lines[3:5] == ["  wide:", "    | 'long-class-name-0'"]
    assert lines[-2:] == ["    | 'long-class-name-7';", "}"]


def test_labels_module_holds_any_name(tmp_path):
    names = ["a\\", "\\' | 'b", 'say "x"', "it's", "it's \"x\"", "two\nlines\r\t", "\u2028\u2029\0", "\ud800", "*/", "${x}`", "café", ""]
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "manifest.json").write_text(json.dumps({"name": "odd", "classes": names}))
    module = labels_module(tmp_path)
    module.encode()  # no lone surrogate is left
    literals = [line.removeprefix("    | ").removesuffix(";") for line in module.splitlines()[3:-1]]
    # Python's literals read as those of TypeScript here.
    assert [ast.literal_eval(literal) for literal in literals] == names
    assert ["'it\\'s \"x\"'", "'say \"x\"'"] == [literals[4], literals[2]]


ODD = ["a\\", "x | y", "<img src=x>", "[a](b)", "*b*", "# c", "`d`", "two\nlines", "$\\frac$", "\udcff", "\u202e", "tabby cat"]


def test_card_shows_any_name_as_it_is():
    rows = per_class(ODD, np.eye(len(ODD), dtype=int)).splitlines()[2:]
    names = [re.fullmatch(r"\| ((?:[^|\\]|\\.)*) \| 100.0 \| 1 \|", row).group(1) for row in rows]
    # Nothing is left that Markdown takes for more than a letter.
    assert all(not re.search(r"[\\`*_\[\]<>#|~&$\n]", re.sub(r"\\.", "", name)) for name in names)
    assert [re.sub(r"\\(.)", r"\1", name) for name in names] == [*ODD[:7], "two lines", ODD[8], " ", " ", "tabby cat"]


def test_manifest_and_plot_hold_any_name(tmp_path):
    (tmp_path / "odd").mkdir()
    write_manifest(tmp_path / "odd", {"name": "odd", "classes": ODD})
    assert read_manifest(tmp_path / "odd")["classes"] == ODD
    plot_confusion(ODD, np.eye(len(ODD), dtype=int), tmp_path / "confusion.svg")
    assert (tmp_path / "confusion.svg").stat().st_size > 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "Colors!"}, "--name: expected lower-case letters, digits and dashes"),
        ({"name": "shapes"}, "--out: expected a folder named as --name, shapes, got colors"),
        ({"labeled": "flat"}, "--labeled: expected two or more class folders"),
        ({"labeled": "two"}, "--labeled: 2 class folders, the network has 3 classes"),
        ({"labeled": "train", "test": "two"}, "--test: expected the class folders of --labeled"),
        ({"unknown": "flat"}, "--unknown: also give --labeled"),
        ({"predictions": "answers.json"}, "--predictions: also give --test"),
        ({"class_names": "names.txt"}, "--class-names: also give --labeled"),
    ],
)
def test_errors_name_the_argument(checkpoint, train_dir, tmp_path, monkeypatch, changes, message):
    monkeypatch.setattr(export_module, "write_fp32", lambda *_: pytest.fail("checks come before the work"))
    folders = {"flat": train_dir / "blue", "two": tmp_path / "two", "train": train_dir}
    for name in ("blue", "green"):
        shutil.copytree(train_dir / name, tmp_path / "two" / name)
    changes = {key: folders.get(value, value) for key, value in changes.items()}
    with pytest.raises(ValueError, match=message):
        export(arguments(checkpoint, train_dir, tmp_path / "colors", **changes))
