"""Quantiles of the normal distribution, once for all: so many standard errors on either side hold such a share."""

from __future__ import annotations

Z95 = 1.959963984540054
Z998 = 3.090232306167813
