"""How many ratings a trustworthy mean needs (Spearman-Brown). Pure arithmetic on shares in [0, 1]."""

from __future__ import annotations


def reliability(n: float, icc: float) -> float:
    """Return the reliability of a mean of `n` ratings: n icc / (1 + (n - 1) icc).

    `icc` is the share of one rating's variance that belongs to the officer, in [0, 1].

    >>> reliability(1, 0.05), round(reliability(45, 0.0493), 2), reliability(10, 0.0)
    (0.05, 0.7, 0.0)
    """
    _check_share("icc", icc)
    if n < 0:
        raise ValueError(f"n={n} is negative")
    return 0.0 if n == 0 or icc == 0 else n * icc / (1 + (n - 1) * icc)


def needed_n(target: float, icc: float) -> float:
    """Return how many ratings reach the reliability `target` in (0, 1); `icc` in (0, 1]. Not rounded.

    >>> round(needed_n(0.9, 0.061), 1), round(needed_n(0.9, 0.034), 1)
    (138.5, 255.7)
    """
    _check_open("target", target)
    _check_share("icc", icc)
    if icc == 0:
        raise ValueError("icc=0: no number of ratings tells people apart who do not differ")
    return target * (1 - icc) / (icc * (1 - target))


def icc_for(n: float, target: float) -> float:
    """Return the smallest ICC at which `n` ratings reach the reliability `target`, the inverse of `needed_n`."""
    _check_open("target", target)
    if n <= 0:
        raise ValueError(f"n={n} is not positive")
    return target / (n - (n - 1) * target)


def _check_share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f"{name}={value} is not in [0, 1]")


def _check_open(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise ValueError(f"{name}={value} is not strictly between 0 and 1")
