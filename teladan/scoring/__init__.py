"""The pure floor: how citizens' answers become numbers that can be defended.

Knows the satisfaction index of a unit (`ikm`), counts of ratings (`Cells`), the mixed model (`fit`), the fair score of
an officer (`fair_scores`), what it may be used for (`allowed_use`) and what it suggests (`suggest`), how sure an order is (`rank_officers`), who comes before
the committee (`shortlist`) and how many ratings are needed. Promises: frozen results, no Django, no I/O, no clock;
equal input gives equal output. Names that need numpy or scipy load on first use, to keep the web process small.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .ikm import ELEMENTS, REGIMES, STAFF_ELEMENTS, Ikm, band_of, ikm, index, regime_named, round_half_up, sample_size
from .planning import icc_for, needed_n, reliability
from .shortlist import Empty, Shortlist, shortlist, top_k
from .suggestion import Reason, Standing, Suggestion, suggest
from .thresholds import Thresholds, Use, allowed_use

if TYPE_CHECKING:
    from .cells import Cells, Factor, cells_from_columns, cells_from_counts, cells_from_rows, pool_rare
    from .fair import (
        Components,
        FairScore,
        FairScores,
        Pooling,
        Recompute,
        fair_scores,
        recompute_score,
        variance_components,
    )
    from .mixed import Fit, fit
    from .ranks import Rank, Ranks, rank_draws, rank_officers

_LAZY = {
    "cells": ("Cells", "Factor", "cells_from_columns", "cells_from_counts", "cells_from_rows", "pool_rare"),
    "mixed": ("Fit", "fit"),
    "fair": (
        "Components",
        "FairScore",
        "FairScores",
        "Pooling",
        "Recompute",
        "fair_scores",
        "recompute_score",
        "variance_components",
    ),
    "ranks": ("Rank", "Ranks", "rank_draws", "rank_officers"),
}
_HOME = {name: module for module, names in _LAZY.items() for name in names}

__all__ = [
    "ELEMENTS",
    "REGIMES",
    "STAFF_ELEMENTS",
    "Cells",
    "Components",
    "Empty",
    "Factor",
    "FairScore",
    "FairScores",
    "Fit",
    "Ikm",
    "Pooling",
    "Rank",
    "Ranks",
    "Reason",
    "Recompute",
    "Shortlist",
    "Standing",
    "Suggestion",
    "Thresholds",
    "Use",
    "allowed_use",
    "band_of",
    "cells_from_columns",
    "cells_from_counts",
    "cells_from_rows",
    "fair_scores",
    "fit",
    "icc_for",
    "ikm",
    "index",
    "needed_n",
    "pool_rare",
    "rank_draws",
    "rank_officers",
    "recompute_score",
    "regime_named",
    "reliability",
    "round_half_up",
    "sample_size",
    "shortlist",
    "suggest",
    "top_k",
    "variance_components",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
