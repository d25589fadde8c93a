"""The citizens' satisfaction index of a unit (IKM): exact ninths, rounding before grading, bands as data.

Law: PermenPANRB 14/2017 (annex). Knows nine elements by name, never by number, because questionnaires number
facilities and complaints 8/9 or 9/8. Integers and fractions only, so no grade is ever decided by a rounding error.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from operator import getitem

from .quantiles import Z95

ELEMENTS = (
    "persyaratan",
    "prosedur",
    "waktu",
    "biaya",
    "produk",
    "kompetensi",
    "perilaku",
    "pengaduan",
    "sarana",
)
"""The nine elements in the order of the law. Only *kompetensi* and *perilaku* concern staff."""

STAFF_ELEMENTS = ("kompetensi", "perilaku")
NINTH = Fraction(1, 9)
LEGACY_WEIGHTS: Mapping[str, Fraction] = {"0.11": Fraction(11, 100), "0.111": Fraction(111, 1000)}
"""Weights of old spreadsheets; a perfect survey becomes 99.00 or 99.90. Only to reproduce old reports."""

Exact = Fraction | Decimal | int
Pattern = tuple[int | None, ...]
"""Nine answers in the order of `ELEMENTS`; None where there is none."""
UNANSWERED: Pattern = (None,) * len(ELEMENTS)


@dataclass(frozen=True)
class Band:
    """A grade and the lowest index, already rounded to two decimals, that earns it."""

    grade: str
    minimum: Decimal
    label: str


@dataclass(frozen=True)
class Regime:
    """The bands of one regulation, best first. An index without its regime says nothing."""

    code: str
    legal_basis: str
    bands: tuple[Band, ...]


def _bands(*minima: str) -> tuple[Band, ...]:
    labels = ("Sangat baik", "Baik", "Kurang baik", "Tidak baik")
    return tuple(Band(g, Decimal(m), label) for g, m, label in zip("ABCD", minima, labels, strict=True))


REGIMES: Mapping[str, Regime] = {
    r.code: r
    for r in (
        Regime("permenpanrb-14-2017", "PermenPANRB 14/2017", _bands("88.31", "76.61", "65.00", "25.00")),
        Regime("kepmenpan-25-2004", "KEP/25/M.PAN/2/2004", _bands("81.26", "62.51", "43.76", "25.00")),
    )
}
DEFAULT_REGIME = "permenpanrb-14-2017"


@dataclass(frozen=True)
class ElementMean:
    """One element: how many answered it, their exact mean on 1-4 (NRR), and 25 x NRR with its band."""

    element: str
    n: int
    mean: Fraction | None
    value: Decimal | None
    grade: str | None


@dataclass(frozen=True)
class Ikm:
    """An index on 25-100 with what is needed to judge it; all figures None when an element has no answer at all.

    `exact` is unrounded, `value` rounded half up to two decimals, `grade` follows from `value`. `se` is None below
    two respondents. `missing` names the elements nobody answered.
    """

    regime: str
    n: int
    elements: tuple[ElementMean, ...]
    exact: Fraction | None
    value: Decimal | None
    grade: str | None
    label: str | None
    se: float | None
    low: float | None
    high: float | None
    missing: tuple[str, ...]


def ikm(rows: Iterable[Mapping[str, object]], *, regime: str = DEFAULT_REGIME, count: str = "count") -> Ikm:
    """Return the index of the answers in `rows`.

    Parameters
    ----------
    rows : iterable of mapping
        Each holds the nine elements by name, 1-4 or None (not answered); other keys are ignored, so that one `GROUP BY` of
        the nine columns is enough. The rule for free services (cost counts 4) is applied by the caller before.
    regime : str
        The bands and the weight of an element, one of `REGIMES`.
    count : str
        The key under which a row says how many citizens answered exactly so; 1 when absent.

    Returns
    -------
    Ikm
        On 25-100; without a value, and naming what is missing, where an element has no answer.

    Raises
    ------
    ValueError
        Anything but 1-4 or None, a missing column or a negative count; element and value are named.

    Notes
    -----
    Each element is averaged over those who answered it. The 95 % interval rests on every respondent's own contribution
    z_i = (25/9) sum_e 1[answered] (x_ie - mean_e) n/n_e, with SE = sd(z)/sqrt(n). Source: PermenPANRB 14/2017 annex;
    docs/rules/ikm.md.

    Examples
    --------
    >>> perfect = dict.fromkeys(ELEMENTS, 4)
    >>> ikm([{**perfect, "count": 50}]).value, ikm([{**perfect, "biaya": None}]).missing
    (Decimal('100.00'), ('biaya',))
    """
    return ikm_of_patterns(_patterns(rows, count), regime=regime)


def ikm_of_patterns(patterns: Mapping[Pattern, int], *, regime: str = DEFAULT_REGIME) -> Ikm:
    """The same index from nine answers in the order of `ELEMENTS` and how many citizens gave exactly these.

    For callers that counted them already; the answers must be 1-4 or None.
    """
    bands = regime_named(regime)
    n = sum(patterns.values()) - patterns.get(UNANSWERED, 0)
    tallies = tally(patterns)
    answered = [sum(found[1:]) for found in tallies]
    totals = [sum(value * times for value, times in enumerate(found)) for found in tallies]
    means = [Fraction(t, a) if a else None for t, a in zip(totals, answered, strict=True)]
    elements = tuple(_element(*parts, bands) for parts in zip(ELEMENTS, answered, means, strict=True))
    missing = tuple(e.element for e in elements if not e.n)
    known = [m for m in means if m is not None]
    if len(known) < 9:
        return Ikm(regime, n, elements, None, None, None, None, None, None, None, missing)
    exact = index(sum(known, Fraction(0)))
    value = round_half_up(exact)
    band = band_of(value, regime)
    se = _standard_error(patterns, known, answered, n)
    low, high = (None, None) if se is None else (max(25.0, exact - Z95 * se), min(100.0, exact + Z95 * se))
    return Ikm(regime, n, elements, exact, value, band.grade, band.label, se, low, high, missing)


def tally(patterns: Mapping[Pattern, int]) -> list[list[int]]:
    """Per element how many citizens did not answer it (0) and how many answered 1, 2, 3 and 4."""
    counts = list(patterns.values())
    found = [[0] * 5 for _ in ELEMENTS]
    for column, one in zip(zip(*patterns, strict=True), found, strict=False):
        for answer, times in zip(column, counts, strict=True):
            one[answer or 0] += times
    return found


def index(nrr_sum: Exact, *, weight: Fraction = NINTH) -> Fraction:
    """Return 25 x weight x the sum of the nine element means: 36 gives 100, 9 gives 25. Pass no float."""
    return 25 * weight * _exact(nrr_sum)


def round_half_up(value: Exact) -> Decimal:
    """Return `value` with two decimals, halves upward: 88.305 becomes 88.31. `value` must not be negative."""
    hundredths = math.floor(_exact(value) * 100 + Fraction(1, 2))
    return Decimal(hundredths).scaleb(-2)


def band_of(value: Exact, regime: str = DEFAULT_REGIME) -> Band:
    """Return the band of an index on 25-100, rounded half up first. Raises ValueError outside the scale.

    >>> band_of(Decimal("64.50")).grade, band_of(Decimal("64.50"), "kepmenpan-25-2004").grade
    ('D', 'B')
    """
    rounded = round_half_up(value)
    if rounded > 100:
        raise ValueError(f"index {rounded} is above 100")
    for band in regime_named(regime).bands:
        if rounded >= band.minimum:
            return band
    raise ValueError(f"index {rounded} is below 25")


def regime_named(code: str) -> Regime:
    """Return the regime of that code; ValueError lists the known ones."""
    if code not in REGIMES:
        raise ValueError(f"regime {code!r} is not one of {', '.join(REGIMES)}")
    return REGIMES[code]


def sample_size(population: int) -> int:
    """Return how many respondents Krejcie and Morgan (1970) ask for: 100 -> 80, 500 -> 217, 1000 -> 278.

    `population` is the number of services given in the period. At 95 %, p = 1/2, margin 5 %; nearest integer.
    """
    if population < 0:
        raise ValueError(f"population {population} is negative")
    if population == 0:
        return 0
    chi2_pq = Fraction("3.841") / 4
    return math.floor(chi2_pq * population / (Fraction("0.0025") * (population - 1) + chi2_pq) + Fraction(1, 2))


def _exact(value: Exact) -> Fraction:
    if isinstance(value, float):
        raise TypeError("a float cannot be graded exactly; pass Fraction, Decimal or int")
    return Fraction(value)


def _patterns(rows: Iterable[Mapping[str, object]], count: str) -> dict[Pattern, int]:
    """Merge rows into patterns of nine answers with their counts; rows that answer no element are no respondents."""
    patterns: dict[Pattern, int] = {}
    for row in rows:
        pattern = tuple(_answer(row, element) for element in ELEMENTS)
        times = row.get(count, 1)
        if not isinstance(times, int) or times < 0:
            raise ValueError(f"{count}: {times!r} is not a count")
        if times and any(pattern):
            patterns[pattern] = patterns.get(pattern, 0) + times
    return patterns


def _answer(row: Mapping[str, object], element: str) -> int | None:
    if element not in row:
        raise ValueError(f"element {element} is missing from the row")
    answer = row[element]
    if answer is None or (isinstance(answer, int) and not isinstance(answer, bool) and 1 <= answer <= 4):
        return answer
    raise ValueError(f"element {element}: {answer!r} is not 1, 2, 3 or 4")


def _element(name: str, n: int, mean: Fraction | None, regime: Regime) -> ElementMean:
    if mean is None:
        return ElementMean(name, 0, None, None, None)
    value = round_half_up(25 * mean)
    return ElementMean(name, n, mean, value, band_of(value, regime.code).grade)


def _standard_error(
    patterns: Mapping[Pattern, int], means: list[Fraction], answered: list[int], n: int
) -> float | None:
    if n < 2:
        return None
    weights = [25 / 9 * n / a for a in answered]
    parts = [
        {None: 0.0, **{x: weight * (x - float(mean)) for x in range(1, 5)}}
        for mean, weight in zip(means, weights, strict=True)
    ]
    squares = 0.0
    for pattern, times in patterns.items():
        z = sum(map(getitem, parts, pattern))
        squares += times * z * z
    return math.sqrt(squares / (n - 1) / n)
