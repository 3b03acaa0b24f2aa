"""Settings on the command line: what cannot be trained with is refused, by name and limit, before anything is read."""

from __future__ import annotations

import argparse
from dataclasses import fields

import pytest

from training.nn.network import BLOCKS, STEMS, build
from training.nn.optimize import make_optimizer
from training.recipe import CHOICES, LIMITS, PRESETS, Config, add_options, given_options


def given(*options: str) -> dict[str, object]:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_options(parser)
    return given_options(parser.parse_args(options))


@pytest.mark.parametrize(
    ("option", "value", "limits"),
    [
        ("--batch", "1", "a whole number from 2"),
        ("--epochs", "0", "a whole number from 1"),
        ("--epochs", "1.5", "a whole number from 1"),
        ("--epochs", "inf", "a whole number from 1"),
        ("--graph-neighbors", "0", "a whole number from 1"),
        ("--over", "-2", "a whole number from 1"),
        ("--minutes", "nan", "a number from 0"),
        ("--minutes", "inf", "a number from 0"),
        ("--lr", "-0.1", "a number from 0"),
        ("--tau-row", "0", "a number from 1e-06"),
        ("--label-agreement", "90", "a number from 0 to 1"),
        ("--average", "1.1", "a number from 0 to 1"),
        ("--size", "0", "a whole number from 8"),
        ("--seed", "-1", "a whole number from 0 to 4294967295"),
        ("--student-epochs", "-1", "a whole number from 0"),
    ],
)
def test_a_setting_beyond_its_limits_is_refused_with_them(option: str, value: str, limits: str) -> None:
    with pytest.raises(argparse.ArgumentError, match=f"{option}: expected {limits}, got '{value}'"):
        given(option, value)


@pytest.mark.parametrize(("option", "value"), [("--depth", "7"), ("--stem", "none"), ("--optimizer", "adam")])
def test_a_setting_of_several_names_them(option: str, value: str) -> None:
    with pytest.raises(argparse.ArgumentError, match=f"{option}: invalid choice.*choose from"):
        given(option, value)


def test_the_settings_of_several_are_those_that_there_are() -> None:
    assert [*CHOICES["depth"]] == [*BLOCKS] and [*CHOICES["stem"]] == [*STEMS]
    shape = {"depth": 10, "width": 4, "stem": "cifar", "hidden": 0, "dimensions": 4, "heads": [2]}
    for name in CHOICES["optimizer"]:
        make_optimizer(name, build(shape), 0.1, 0.1, 0)


def test_the_smallest_crop_comes_first() -> None:
    assert given("--crop-scale", "0.1", "0.5") == {"crop_scale": [0.1, 0.5]}
    with pytest.raises(SystemExit, match="--crop-scale: expected the smallest area before the largest, got 0.5 0.1"):
        given("--crop-scale", "0.5", "0.1")


def test_a_stage_is_left_out_by_an_empty_list_or_0() -> None:
    assert given("--graph-neighbors", "--label-epochs", "0") == {"graph_neighbors": [], "label_epochs": 0}


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_can_be_said_in_options(preset: str) -> None:
    settings = {name: value for name, value in vars(PRESETS[preset]).items() if not isinstance(value, bool)}
    options = []
    for name, value in settings.items():
        options += [f"--{name.replace('_', '-')}", *map(str, value if isinstance(value, list) else [value])]
    given_back = given(*options)
    del given_back["auto_classes"]
    assert given_back == settings


def test_every_limit_is_of_a_setting() -> None:
    assert {*LIMITS, *CHOICES} <= {field.name for field in fields(Config)}
