"""Lets the tests import the training modules, which are run as scripts from one flat folder."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts" / "training"))
