"""What the pages of the rules show: values written for people, versions, the effect of a proposal line by line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from teladan.core import clock
from teladan.core.models import PolicyRow
from teladan.evaluation.models import PolicyProposal
from teladan.evaluation.queries.rulebook import Rule, Version
from teladan.evaluation.rules import effects
from teladan.evaluation.rules.rulebook import SPECS, Effect, Group
from teladan.evaluation.views import rule_words as words
from teladan.ui import formats


@dataclass(frozen=True)
class RuleLine:
    """One rule as a line: what it is called and decides, its value, what comes."""

    rule: Rule
    name: str
    decides: str
    value: str
    basis: str
    since: date | None
    effect: str
    coming: list[tuple[str, date, str]]  # value, from, legal basis

    @property
    def key(self) -> str:
        return self.rule.key

    @property
    def is_short(self) -> bool:
        """A number with its unit, not a list or the name of a regulation."""
        return len(self.value) <= 18

    @property
    def is_typed(self) -> bool:
        return self.rule.spec is not None and self.rule.spec.is_typed


def line(rule: Rule) -> RuleLine:
    """One rule in words."""
    now = rule.current
    known = words.RULES.get(rule.key)
    description = rule.rows[-1].description
    return RuleLine(
        rule=rule,
        name=words.name_of(rule.key),
        decides=str(known.decides) if known else description,
        value=words.shown(rule.key, now.value) if now else formats.MISSING,
        basis=now.legal_basis if now else "",
        since=now.valid_from if now else None,
        effect=str(words.EFFECTS[rule.spec.effect]) if rule.spec else "",
        coming=[(words.shown(rule.key, row.value), row.valid_from, row.legal_basis) for row in rule.upcoming],
    )


@dataclass(frozen=True)
class GroupShape:
    """One heading with its rules."""

    id: str
    title: str
    lead: str
    lines: list[RuleLine]


def groups(rules: Iterable[Rule]) -> list[GroupShape]:
    """Rules under their headings; headings without a rule are left out."""
    lines = [line(rule) for rule in rules]
    return [
        GroupShape(group.value, str(words.GROUPS[group][0]), str(words.GROUPS[group][1]), mine)
        for group in Group
        if (mine := [one for one in lines if one.rule.group is group])
    ]


@dataclass(frozen=True)
class RowShape:
    """One value a rule had, has or will have."""

    value: str
    row: PolicyRow
    state: str  # past, now, next

    @property
    def last_day(self) -> date | None:
        return date.fromordinal(self.row.valid_until.toordinal() - 1) if self.row.valid_until else None


def history(rule: Rule) -> list[RowShape]:
    """A rule's values, latest first."""
    return [
        RowShape(
            words.shown(rule.key, row.value),
            row,
            "now" if row is rule.current else "next" if row.valid_from > rule.today else "past",
        )
        for row in rule.history
    ]


@dataclass(frozen=True)
class VersionShape:
    """One version with its changes: (name, before or nothing, after, legal basis, key)."""

    version: Version
    is_coming: bool
    changes: list[tuple[str, str, str, str, str]]


def versions(found: Iterable[Version]) -> list[VersionShape]:
    """Versions in words; the rules of the first day are counted, not listed."""
    today = clock.today()
    return [
        VersionShape(
            one,
            one.day > today,
            [
                (
                    words.name_of(change.row.key),
                    words.shown(change.row.key, change.before.value) if change.before else "",
                    words.shown(change.row.key, change.row.value),
                    change.row.legal_basis,
                    change.row.key,
                )
                for change in one.changes
            ],
        )
        for one in found
    ]


# --- proposals -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ProposalShape:
    """A proposal in words."""

    proposal: PolicyProposal
    name: str
    value: str
    effect: str
    word: str
    tone: str


_TONES = {"draft": "now", "adopted": "done", "withdrawn": "todo", "dropped": "todo"}


def proposal(found: PolicyProposal) -> ProposalShape:
    """One proposal."""
    spec = SPECS.get(found.key)
    state_words = {
        "draft": _("Usulan terbuka"),
        "adopted": _("Ditetapkan"),
        "withdrawn": _("Ditarik"),
        "dropped": _("Dibatalkan"),
    }
    return ProposalShape(
        found,
        words.name_of(found.key),
        words.shown(found.key, found.value),
        str(words.EFFECTS[spec.effect]) if spec else "",
        state_words[found.state],
        _TONES[found.state],
    )


def proposals(found: Iterable[PolicyProposal]) -> list[ProposalShape]:
    return [proposal(one) for one in found]


@dataclass(frozen=True)
class EffectShape:
    """The comparison of one month under both rules."""

    month: date
    before: str
    after: str
    uses: list[tuple[str, int, int]]
    facts: list[tuple[str, str]]
    hidden: list[str]
    regraded: list[str]
    since: list[str]
    is_nothing: bool
    caution: str


def effect(found: PolicyProposal) -> EffectShape:
    """What the trial found, in words. Counts of officers, never a name; units only by names the public knows."""
    told: Mapping[str, Any] = found.effect or {}
    use_words = {
        "hidden": _("belum cukup data"),
        "self_only": _("hanya untuk petugas sendiri"),
        "evaluation": _("boleh dipakai dalam evaluasi"),
        "award": _("boleh dipakai untuk penghargaan"),
    }
    spec = SPECS.get(found.key)
    caution = str(words.EFFECTS[spec.effect]) if spec and spec.effect is not Effect.RESULTS else ""
    return EffectShape(
        month=clock.parse_month(told["month"]),
        before=words.shown(found.key, told["before"]) if told["before"] is not None else formats.MISSING,
        after=words.shown(found.key, found.value),
        uses=[(use_words[use], *told["uses"][use]) for use in effects.USES],
        facts=list(_facts(told)),
        hidden=list(told["units"]["hidden"]),
        regraded=list(told["units"]["regraded"]),
        since=[words.name_of(key) for key in told["since"]],
        is_nothing=effects.is_nothing(told),
        caution=caution,
    )


def _facts(told: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    yield (
        _("Kegunaan nilai"),
        _("%(up)s petugas naik, %(down)s petugas turun")
        % {"up": formats.number(told["raised"]), "down": formats.number(told["lowered"])},
    )
    scores = told["scores"]
    yield (
        _("Nilai bergeser lebih dari %(shift)s") % {"shift": formats.number(effects.VISIBLE_SHIFT, 2)},
        _("%(moved)s dari %(all)s nilai")
        % {"moved": formats.number(scores["moved"]), "all": formats.number(scores["compared"])}
        if scores
        else _("terlalu sedikit nilai untuk dihitung"),
    )
    short = told["shortlist"]
    yield (
        _("Daftar calon penghargaan"),
        _("%(before)s menjadi %(after)s: %(enter)s masuk, %(leave)s keluar")
        % {name: formats.number(count) for name, count in short.items()},
    )
    standings = {"below": _("di bawah"), "meets": _("sesuai"), "above": _("di atas")}
    yield (
        _("Saran perilaku"),
        "; ".join(
            _("%(standing)s: %(before)s menjadi %(after)s")
            % {"standing": standings[one], "before": formats.number(old), "after": formats.number(new)}
            for one, (old, new) in ((one, told["suggestions"][one]) for one in effects.SUGGESTIONS)
        ),
    )
    yield _("Unit terbit"), _change(told["units"])
    yield _("Layanan terbit"), _change(told["services"])
    yield (
        _("Hasil yang menahan periode lama"),
        _("%(before)s menjadi %(after)s")
        % {"before": formats.number(told["held"][0]), "after": formats.number(told["held"][1])},
    )


def _change(part: Mapping[str, int]) -> str:
    return _("%(before)s menjadi %(after)s: %(gained)s tampil, %(lost)s hilang") % {
        name: formats.number(part[name]) for name in ("before", "after", "gained", "lost")
    }
