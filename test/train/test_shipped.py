"""A shipped model as the start of a run."""

from pathlib import Path

import pytest
import torch
from test_train import recipe  # noqa: F401
