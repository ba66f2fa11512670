"""Style networks: brush size by the size of what is shown, and parts that look at the whole picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from desktop.core.errors import UserError
from tests.runtime_models import invert_model, photo
from tests.runtime_runs import run_here
