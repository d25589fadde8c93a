"""One thread for linear algebra: these matrices are small, and idle threads that spin starve whoever shares the cores."""

from __future__ import annotations

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
