"""One thread for linear algebra, set before numpy loads: small matrices gain nothing, and threads that spin slow the rest."""

from __future__ import annotations

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
