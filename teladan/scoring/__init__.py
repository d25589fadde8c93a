"""The pure floor: how citizens' answers become numbers that can be defended.

Knows the satisfaction index of a unit (`ikm`), counts of ratings (`Cells`), the mixed model (`fit`), the fair score of
an officer (`fair_scores`), what it may be used for (`allowed_use`) and what it suggests (`suggest`), how sure an order is
(`rank`), who comes before the committee (`shortlist`), how many ratings are needed (`reliability`, `plans`), which units
stand out (`funnel`), what really changed (`change`) and whether the number is treated fairly (`integrity`), which officers
leave traces of work on the number (`officer_signs`) and whom to call (`drawn`). Promises:
frozen results, no Django, no I/O, no clock; equal input, seed and version give equal bytes. What needs numpy or scipy loads
on first use, to keep the web process small.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .callbacks import Estimate, drawn, estimate, power_of, seed_of, size_for
from .change import (
    Annual,
    Change,
    Moved,
    Window,
    annual,
    apart,
    between,
    change,
    fewest_apart,
    may_move,
    non_overlapping,
)
from .funnel import Funnel, Mean, Position, Share, funnel, mean_limits, share_limits
from .ikm import (
    ELEMENTS,
    REGIMES,
    STAFF_ELEMENTS,
    UNANSWERED,
    Ikm,
    Pattern,
    band_of,
    ikm,
    ikm_of_patterns,
    index,
    regime_named,
    round_half_up,
    sample_size,
    tally,
)
from .integrity import (
    Audit,
    Bounds,
    Difference,
    Finding,
    Integrity,
    Month,
    Pressure,
    Verdict,
    Why,
    audit,
    integrity,
    pressure,
)
from .planning import Plan, icc_for, needed_in_all, needed_n, plans, reliability
from .shortlist import Candidate, Empty, Shortlist, Stability, candidates, shortlist, top_k
from .signs import Burst, Coverage, Days, Officer, Sign, Traces, bursts, officer_signs, standing
from .signs import Standing as ShareStanding
from .suggestion import Reason, Standing, Suggestion, suggest
from .thresholds import Thresholds, Use, allowed_use

if TYPE_CHECKING:
    from .cells import Cells, Factor, cells_from_columns, cells_from_counts, cells_from_rows, pool_rare
    from .comparison import Pooling
    from .fair import (
        Components,
        FairScore,
        FairScores,
        Recompute,
        fair_scores,
        recompute_score,
        variance_components,
    )
    from .mixed import Fit, fit
    from .ranks import Joint, Rank, Ranks, rank, rank_draws, rank_groups, rank_joint, stability

_LAZY = {
    "cells": ("Cells", "Factor", "cells_from_columns", "cells_from_counts", "cells_from_rows", "pool_rare"),
    "comparison": ("Pooling",),
    "mixed": ("Fit", "fit"),
    "fair": (
        "Components",
        "FairScore",
        "FairScores",
        "Recompute",
        "fair_scores",
        "recompute_score",
        "variance_components",
    ),
    "ranks": ("Joint", "Rank", "Ranks", "rank", "rank_draws", "rank_groups", "rank_joint", "stability"),
}
_HOME = {name: module for module, names in _LAZY.items() for name in names}

__all__ = [
    "ELEMENTS",
    "REGIMES",
    "STAFF_ELEMENTS",
    "UNANSWERED",
    "Annual",
    "Audit",
    "Bounds",
    "Burst",
    "Candidate",
    "Cells",
    "Change",
    "Components",
    "Coverage",
    "Days",
    "Difference",
    "Empty",
    "Estimate",
    "Factor",
    "FairScore",
    "FairScores",
    "Finding",
    "Fit",
    "Funnel",
    "Ikm",
    "Integrity",
    "Joint",
    "Mean",
    "Month",
    "Moved",
    "Officer",
    "Pattern",
    "Plan",
    "Pooling",
    "Position",
    "Pressure",
    "Rank",
    "Ranks",
    "Reason",
    "Recompute",
    "Share",
    "ShareStanding",
    "Shortlist",
    "Sign",
    "Stability",
    "Standing",
    "Suggestion",
    "Thresholds",
    "Traces",
    "Use",
    "Verdict",
    "Why",
    "Window",
    "allowed_use",
    "annual",
    "apart",
    "audit",
    "band_of",
    "between",
    "bursts",
    "candidates",
    "cells_from_columns",
    "cells_from_counts",
    "cells_from_rows",
    "change",
    "drawn",
    "estimate",
    "fair_scores",
    "fewest_apart",
    "fit",
    "funnel",
    "icc_for",
    "ikm",
    "ikm_of_patterns",
    "index",
    "integrity",
    "may_move",
    "mean_limits",
    "needed_in_all",
    "needed_n",
    "non_overlapping",
    "officer_signs",
    "plans",
    "pool_rare",
    "power_of",
    "pressure",
    "rank",
    "rank_draws",
    "rank_groups",
    "rank_joint",
    "recompute_score",
    "regime_named",
    "reliability",
    "round_half_up",
    "sample_size",
    "seed_of",
    "share_limits",
    "shortlist",
    "size_for",
    "stability",
    "standing",
    "suggest",
    "tally",
    "top_k",
    "variance_components",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
