"""What an officer's pages show: a frozen result taken apart into sentences, steps and drawings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from teladan import scoring
from teladan.core import clock, policy
from teladan.core.models import PolicyRow
from teladan.evaluation.access.results import Reader, Seen
from teladan.evaluation.models import OfficerResult
from teladan.evaluation.rules import closing as closing_rules
from teladan.evaluation.views import words
from teladan.evaluation.views.rule_words import RULES
from teladan.feedback import queries as feedback
from teladan.people import queries as people
from teladan.scoring.quantiles import Z95
from teladan.ui import charts, formats
from teladan.ui.charts import Chart, Estimate, Line, TrendPoint
from teladan.ui.parts import Step

Use = OfficerResult.Use
Standing = OfficerResult.Standing
_SHOWN_RULES = (
    "score.elements",
    "score.covariates",
    "score.window_months",
    "score.min_n",
    "score.evaluation_n",
    "score.evaluation_reliability",
    "score.award_reliability",
    "score.prior_scale",
    "score.expectation_low",
    "score.expectation_high",
    "disclosure.k",
    "disclosure.issue_days",
    "disclosure.band_officers",
    "disclosure.response_tickets",
)


@dataclass(frozen=True)
class Rule:
    """One rule in force in the month: what it says, its value, where it comes from."""

    text: str
    value: str
    basis: str


def _rules(month: date, keys: Sequence[str], frozen: Mapping[str, Any]) -> list[Rule]:
    """The rules of the month's closing; the value is the frozen one."""
    rows = {row.key: row for row in policy.rows_on(month)}
    return [
        Rule(_said(rows[key]), _plain(frozen.get(key, rows[key].value)), rows[key].legal_basis)
        for key in keys
        if key in rows
    ]


def _said(row: PolicyRow) -> str:
    """What the rule decides, in the reader's language; of a rule that we do not know, what its row says."""
    known = RULES.get(row.key)
    return str(known.decides) if known else row.description


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(words.ELEMENTS.get(one) or words.COVARIATES.get(one) or one) for one in value)
    if isinstance(value, float):
        return formats.number(value, 2)
    return formats.number(value) if isinstance(value, int) else str(value)


# --- one officer's score ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Planned:
    """One use of the score: the reliability it needs and what the officer's own next ratings would do."""

    name: str
    target: str
    words: str


@dataclass(frozen=True)
class Year:
    """The figure over the shown windows of up to a year, from the answers themselves."""

    months: str
    score: str
    interval: str
    n: int
    adjusted: str
    reliability: str


@dataclass(frozen=True)
class OfficerWhy:
    """One score explained."""

    result: OfficerResult
    reader: Reader
    unit_name: str
    months: str
    chart: Chart | None
    band_note: str
    steps: list[Step]
    use: str
    plans: list[Planned]
    year: Year | None
    per_rating: str
    suggestion: str
    response: str
    rules: list[Rule]
    need: int
    need_days: int
    is_held: bool

    @property
    def is_current(self) -> bool:
        return self.result.closing.is_current

    @property
    def at_least(self) -> int | None:
        return closing_rules.at_least(self.result.n)


def officer(seen: Seen) -> OfficerWhy:
    """Everything on the "why this score?" page; the reduced readers' template leaves out what is not theirs."""
    result = seen.result
    month = result.closing.month
    frozen = feedback.thresholds(month)
    return OfficerWhy(
        result=result,
        reader=seen.reader,
        unit_name=people.unit_name(result.unit, clock.month_end(month)),
        months=formats.months(result.window_from, result.window_until),
        chart=_where(result, _("Anda") if seen.reader is Reader.SELF else _("Nilai")),
        band_note=_band_note(result),
        steps=_steps(result),
        use=_use(result, frozen) if seen.reader is Reader.SELF else _use_by_others(result, frozen),
        plans=_plans(result),
        year=_year(result),
        per_rating=_per_rating(result),
        suggestion=_suggestion(result),
        response=_response(result),
        rules=_rules(month, _SHOWN_RULES, frozen),
        need=max(int(frozen["score.min_n"]), int(frozen["disclosure.k"])),
        need_days=int(frozen["disclosure.issue_days"]),
        is_held=result.window_until != month,
    )


def _where(result: OfficerResult, name: str) -> Chart | None:
    if result.score is None or result.low is None or result.high is None:
        return None
    group = result.group
    return charts.interval(
        _("Nilai dan rentangnya, skala 1 sampai 4"),
        Estimate(result.score, max(1.0, result.low), min(4.0, result.high), name),
        average=Line(group["mean"], _("rata-rata")) if group else None,
        band=(group["low"], group["high"]) if group else None,
        core=(group["core_low"], group["core_high"]) if group else None,
        limits=(1.0, 4.0),
    )


def _band_note(result: OfficerResult) -> str:
    if not result.group:
        return _("Petugas sebanding masih terlalu sedikit, jadi tempat mereka tidak digambar.")
    return _(
        "Bidang kelabu: kira-kira tempat %(n)d petugas sebanding berada, separuhnya di bagian gelap. "
        "Tidak ada petugas lain yang bisa dikenali."
    ) % {"n": result.group["count"]}


def _steps(result: OfficerResult) -> list[Step]:
    if result.score is None or result.raw_mean is None:
        return []
    mix, pull = result.case_mix_shift or 0.0, result.shrinkage_shift or 0.0
    return [
        Step(
            _("Rata-rata mentah dari %(n)s penilaian") % {"n": formats.number(result.n)},
            formats.number(result.raw_mean, 2),
        ),
        Step(_mix_words(mix), formats.signed(mix, 2)),
        Step(_pull_words(pull), formats.signed(pull, 2)),
        Step(_("Nilai Anda"), formats.number(result.score, 2)),
    ]


def _mix_words(shift: float) -> str:
    if abs(shift) < 0.005:
        return _("Jenis layanan Anda sama beratnya dengan rata-rata")
    if shift > 0:
        return _("Jenis layanan Anda lebih berat dari rata-rata")
    return _("Jenis layanan Anda lebih ringan dari rata-rata")


def _pull_words(shift: float) -> str:
    if abs(shift) < 0.005:
        return _("Hampir tidak ditarik ke rata-rata")
    return _("Ditarik ke rata-rata karena jumlah penilaian masih terbatas")


def _use(result: OfficerResult, frozen: Mapping[str, Any]) -> str:
    """What the score is enough for, and what is missing for the next use."""
    if result.n is None:
        return ""
    r = result.reliability or 0.0
    award, evaluation = float(frozen["score.award_reliability"]), float(frozen["score.evaluation_reliability"])
    if result.use == Use.AWARD:
        return _use_by_others(result, frozen)
    if result.use == Use.EVALUATION:
        return _use_by_others(result, frozen) + _more_needed(result, r, award)
    return _only_own(result, r, evaluation, int(frozen["score.evaluation_n"]))


def _use_by_others(result: OfficerResult, frozen: Mapping[str, Any]) -> str:
    """What the score is enough for. How many ratings are missing would tell how many there are."""
    words_ = {
        "r": formats.number(result.reliability, 2),
        "award": formats.number(float(frozen["score.award_reliability"]), 2),
    }
    if result.use == Use.AWARD:
        return (
            _(
                "Keandalan %(r)s: boleh dipakai sebagai umpan balik dalam evaluasi, dan cukup untuk daftar calon "
                "penghargaan (%(award)s)."
            )
            % words_
        )
    return (
        _(
            "Keandalan %(r)s: boleh dipakai sebagai umpan balik dalam evaluasi, belum cukup untuk penghargaan (%(award)s)."
        )
        % words_
    )


def _plans(result: OfficerResult) -> list[Planned]:
    names = {Use.EVALUATION.value: _("Umpan balik dalam evaluasi"), Use.AWARD.value: _("Daftar calon penghargaan")}
    return [
        Planned(names[one["use"]], formats.number(one["target"], 2), _plan_words(one)) for one in result.plans or []
    ]


def _plan_words(plan: Mapping[str, Any]) -> str:
    more = plan["more"]
    if more == 0:
        return _("Sudah tercapai.")
    if more is None:
        return _(
            "Tidak tercapai hanya dengan penilaian Anda sendiri: paling tinggi %(ceiling)s, karena rata-rata unit juga "
            "belum pasti."
        ) % {"ceiling": formats.number(plan["ceiling"], 2)}
    return ngettext(
        "Dengan %(n)s penilaian lagi keandalan mencapai %(target)s.",
        "Dengan %(n)s penilaian lagi keandalan mencapai %(target)s.",
        more,
    ) % {"n": formats.number(more), "target": formats.number(plan["target"], 2)}


def _year(result: OfficerResult) -> Year | None:
    found = result.year
    if not found or found["low"] is None:
        return None
    first, last = (date.fromisoformat(f"{found['months'][i]}-01") for i in (0, -1))
    return Year(
        months=formats.months(first, last),
        score=formats.number(found["score"], 2),
        interval=formats.interval(found["low"], found["high"], 2),
        n=found["n"],
        adjusted=formats.number(found["adjusted"], 2),
        reliability=formats.number(found["reliability"], 2),
    )


def _per_rating(result: OfficerResult) -> str:
    """By how much one rating a whole step higher or lower would have moved the score, the rest of the model held."""
    if not result.recompute or result.low is None:
        return ""
    kept = sum(g["weight"] * g["lam"] for g in result.recompute["grid"]) / result.recompute["n"]
    return _("Satu penilaian yang satu tingkat lebih tinggi atau lebih rendah menggeser nilai kira-kira %(step)s.") % {
        "step": formats.number(kept, 3)
    }


def _only_own(result: OfficerResult, r: float, evaluation: float, minimum: int) -> str:
    assert result.n is not None
    start = _("Baru Anda sendiri yang melihat angka ini.") + " "
    if not result.is_comparable:
        return start + _("Terlalu sedikit petugas melayani hal yang sama, jadi angka ini tidak dibandingkan.")
    if result.n < minimum:
        return start + _("Penilai boleh memakainya mulai %(need)d penilaian; sekarang %(n)d.") % {
            "need": minimum,
            "n": result.n,
        }
    if r < evaluation:
        return (
            start
            + _("Keandalan %(r)s, sedangkan evaluasi perlu %(need)s.")
            % {"r": formats.number(r, 2), "need": formats.number(evaluation, 2)}
            + _more_needed(result, r, evaluation)
        )
    return start + _("Semua penilaian sama, jadi keandalannya belum dapat dihitung.")


def _more_needed(result: OfficerResult, r: float, target: float) -> str:
    """From the plan of the fit; results closed before there was one fall back on Spearman-Brown."""
    planned = next((one for one in result.plans or [] if one["target"] == target), None)
    if planned:
        return " " + _plan_words(planned)
    total = scoring.needed_in_all(result.n or 0, r, target)
    if total is None or total <= (result.n or 0):
        return ""
    more = total - (result.n or 0)
    return " " + ngettext("Kira-kira %(n)d penilaian lagi cukup.", "Kira-kira %(n)d penilaian lagi cukup.", more) % {
        "n": more
    }


def _suggestion(result: OfficerResult) -> str:
    names = {
        Standing.ABOVE: _("di atas ekspektasi"),
        Standing.MEETS: _("sesuai ekspektasi"),
        Standing.BELOW: _("di bawah ekspektasi"),
    }
    return names[Standing(result.suggestion)] if result.suggestion else ""


def _response(result: OfficerResult) -> str:
    found = result.response
    if not found:
        return _("tidak ada tiket dalam periode ini")
    if found["rate"] is not None:
        share = round(found["rate"], 1)  # results closed before shares were frozen in tenths
        return _("kira-kira %(share)s dari tiket yang Anda serahkan") % {"share": formats.percent(share)}
    return str(words.RESPONSE_BANDS[found["band"]])


SCRIPT = Path(__file__).resolve().parent.parent / "documents" / "hitung_ulang.program"
FORMULA = (
    "nilai = Σ weight × (mu + lam × (raw_mean − offset));  lam = n × sigma2_a ÷ (n × sigma2_a + sigma2_e);  "
    "se² = Σ weight × (variance + (mu + lam × (raw_mean − offset) − nilai)²);  rentang = nilai ± quantile × se;  "
    "adjusted = Σ weight × (mu + raw_mean − offset)"
)


def recompute_file(result: OfficerResult) -> dict[str, Any]:
    """All that redoes the score. Means and variances of the group, the officer's own mean and count; no answer of anybody."""
    record: dict[str, Any] = result.recompute or {}
    return {
        "keterangan": "Dari berkas ini nilai dapat dihitung ulang. Tidak ada jawaban warga satu per satu di dalamnya.",
        "rumus": FORMULA,
        "arti": {
            "n": "banyaknya penilaian dengan paling sedikit satu unsur petugas terjawab",
            "raw_mean": "rata-rata mentah, skala 1-4",
            "mu": "nilai harapan pada campuran layanan rata-rata kelompok",
            "sigma2_a": "ragam antarpetugas: satu kemungkinan dari 12 bulan",
            "sigma2_e": "ragam di dalam petugas",
            "offset": "nilai harapan petugas rata-rata pada campuran layanan Anda",
            "lam": "bagian selisih Anda yang dipertahankan",
            "variance": "ragam nilai",
            "weight": "bobot titik; semuanya berjumlah 1",
            "quantile": "banyaknya se di kiri dan kanan nilai, untuk rentang 95 %",
            "adjusted": "rata-rata mentah ditambah penyesuaian layanan, tanpa tarikan ke rata-rata",
        },
        "dasar": "PermenPANRB 6/2022 pasal 18 ayat (2) huruf c; PermenPANRB 14/2017; docs/rules/fair-score.md",
        "unit": result.unit.code,
        "bulan": f"{result.closing.month:%Y-%m}",
        "jendela": [f"{result.window_from:%Y-%m}", f"{result.window_until:%Y-%m}"],
        "versi": {
            "penutupan": result.closing.version,
            "hasil": result.closing.results_digest,
            "aturan": result.closing.policy_version,
            "program": result.closing.code_version,
        },
        "nilai": {
            "score": result.score,
            "se": result.se,
            "low": result.low,
            "high": result.high,
            "adjusted": result.adjusted,
            "adjusted_low": result.adjusted_low,
            "adjusted_high": result.adjusted_high,
            "suggestion": result.suggestion,
        },
        **record,
    }


# --- the officer's own page ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """One unit where somebody served: the latest result, the trend over windows that share no month."""

    name: str
    latest: OfficerResult
    months: str
    need: int
    trend: Chart | None
    changed: str
    use: str
    volume: Chart | None
    is_held: bool
    year: Year | None

    @property
    def punctuality(self) -> float | None:
        return self.latest.on_time / self.latest.with_standard if self.latest.with_standard else None


def places(rows: Sequence[OfficerResult], names: Mapping[int, str]) -> list[Place]:
    """The person's units, the one with the latest service first."""
    by_unit: dict[int, list[OfficerResult]] = {}
    for row in rows:
        by_unit.setdefault(row.unit_id, []).append(row)
    return [_place(mine, names) for mine in by_unit.values()]


def _place(rows: list[OfficerResult], names: Mapping[int, str]) -> Place:
    latest = rows[0]
    windows = [
        scoring.Window(row.window_from, row.window_until, row.score, _normal_se(row))
        for row in rows
        if row.window_until == row.closing.month or row.score is not None
    ]
    shown = scoring.non_overlapping(windows)
    values = feedback.thresholds(latest.closing.month)
    return Place(
        name=names.get(latest.unit_id, latest.unit.code),
        latest=latest,
        months=formats.months(latest.window_from, latest.window_until),
        need=max(int(values["score.min_n"]), int(values["disclosure.k"])),
        trend=_own_trend(shown) if sum(one.score is not None for one in shown) > 1 else None,
        changed=_changed(shown),
        use=_use(latest, values),
        volume=_volume(rows),
        is_held=latest.window_until != latest.closing.month,
        year=_year(latest),
    )


def _normal_se(row: OfficerResult) -> float | None:
    """The standard error that makes the frozen interval a normal one: in small groups that interval is wider."""
    return None if row.low is None or row.high is None else (row.high - row.low) / 2 / Z95


def _own_trend(shown: Sequence[scoring.Window]) -> Chart:
    points = [
        TrendPoint(
            _window_label(one),
            one.score,
            None if one.score is None or one.se is None else max(1.0, one.score - Z95 * one.se),
            None if one.score is None or one.se is None else min(4.0, one.score + Z95 * one.se),
        )
        for one in shown
    ]
    return charts.trend(_("Nilai Anda dari periode ke periode"), points, limits=(1.0, 4.0))


def _window_label(one: scoring.Window) -> str:
    if one.first == one.last:
        return formats.month_short(one.last)
    return f"{formats.month_short(one.first).split()[0]}–{formats.month_short(one.last)}"


def _changed(shown: Sequence[scoring.Window]) -> str:
    """Whether the last two windows differ by more than chance."""
    if not shown or (found := scoring.change(shown)).difference is None or found.low is None or found.high is None:
        return ""
    words_ = {"d": formats.signed(found.difference, 2), "interval": formats.interval(found.low, found.high, 2)}
    if found.verdict is scoring.Moved.ROSE:
        return _("Naik %(d)s dibanding periode sebelumnya; ini lebih dari kebetulan.") % words_
    if found.verdict is scoring.Moved.FELL:
        return _("Turun %(d)s dibanding periode sebelumnya; ini lebih dari kebetulan.") % words_
    return _("Selisih %(d)s dibanding periode sebelumnya masih dalam batas kebetulan.") % words_


def _volume(rows: Sequence[OfficerResult]) -> Chart | None:
    if len(rows) < 2:
        return None
    return charts.sparkline(_("Layanan Anda per bulan"), [float(row.events) for row in reversed(rows[:12])])
