"""Pure rules of evaluation: ratings, the quadrant, the distribution guideline, when a month may be closed."""

from __future__ import annotations
