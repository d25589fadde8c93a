"""Pure rules of evaluation: when a month may be closed, ratings, the quadrant, the distribution guideline."""
