"""Opening a round over a closing, stating conflicts of interest, deciding.

The rule only brings people before the committee; a named member without a conflict decides and says why
(UU 27/2022 art. 10). Nobody gets the same award twice for one month.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from teladan import scoring
from teladan.awards import access, queries, rules
from teladan.awards.models import Award, Candidate, ConflictStatement, Programme, Round
from teladan.awards.rules import Ballot, Refusal
from teladan.core import audit, clock, policy
from teladan.core.audit import Event
from teladan.evaluation.models import Closing
from teladan.evaluation.queries import results
from teladan.evaluation.queries import team as evaluation
from teladan.evaluation.queries.results import AwardEvidence
from teladan.evaluation.rules.closing import at_least
from teladan.people.access import can
from teladan.people.models import User
from teladan.people.permissions import Permission

PROGRAMMES = Path(__file__).parent / "data" / "programmes.json"


class AwardRefused(Exception):
    """The act is not possible now; the message says why and what to do."""


class NotYours(AwardRefused):
    """The person acting is not one who may do this."""


# --- programmes ------------------------------------------------------------------------------------------------------


@transaction.atomic
def ensure_programme(*, by: object = "system") -> int:
    """Add the programmes of the pack that are not there yet; existing ones are left as they are. How many were added."""
    added = 0
    for row in json.loads(PROGRAMMES.read_text(encoding="utf-8")):
        values = {**row, "valid_from": date.fromisoformat(row["valid_from"])}
        _programme, is_new = Programme.objects.get_or_create(code=values.pop("code"), defaults=values)
        added += is_new
    if added:
        audit.record(event=Event.POLICY_LOADED, actor=by, subject="awards.programmes", after={"rows": added})
    return added


# --- opening ---------------------------------------------------------------------------------------------------------


def open_rounds(*, month: date, by: User) -> list[Round]:
    """Open a round of every programme in force on the month's last day; rounds that exist are returned as they are."""
    return [open_round(programme=one, month=month, by=by) for one in queries.programmes_on(clock.month_end(month))]


@transaction.atomic
def open_round(*, programme: Programme, month: date, by: User) -> Round:
    """Put the shortlist of a closed month before the committee, with its evidence frozen; the same one again if open."""
    if not access.may_open(by):
        raise NotYours(_("Putaran dibuka oleh BKPSDM atau tim penghargaan."))
    programme = Programme.objects.select_for_update().get(pk=programme.pk)
    closing = evaluation.closing_of(month)
    if closing is None:
        raise AwardRefused(_("Bulan itu belum ditutup. BKPSDM menutupnya lebih dulu."))
    if not queries.programmes_on(clock.month_end(month)).filter(pk=programme.pk).exists():
        raise AwardRefused(_("Program ini tidak berlaku pada bulan itu."))
    if decided := queries.decided_round(programme, month):
        return decided
    if found := Round.objects.filter(programme=programme, closing=closing).first():
        return found
    return _open(programme, closing, by)


def _open(programme: Programme, closing: Closing, by: User) -> Round:
    groups = [_group(unit, rows, closing.month) for unit, rows in _by_unit(results.award_evidence(closing)).items()]
    opened = Round.objects.create(
        programme=programme,
        closing=closing,
        parameters=_parameters(closing, groups),
        opened_at=clock.now(),
    )
    chosen: dict[UUID, tuple[AwardEvidence, Group]] = {}
    for group in groups:
        for one in group.candidates:
            kept = chosen.get(one.person.pk)
            if kept is None or one.p_top > kept[0].p_top:  # served at two units: the stronger case
                chosen[one.person.pk] = (one, group)
    Candidate.objects.bulk_create([_candidate(opened, one, group) for one, group in chosen.values()])
    audit.record(
        event=Event.AWARD_ROUND_OPENED,
        actor=by,
        subject=f"round:{opened.pk}",
        after={"programme": programme.code, "month": f"{closing.month:%Y-%m}", "candidates": len(chosen)},
    )
    return opened


@dataclass(frozen=True)
class Group:
    """The shortlist of one comparison group."""

    unit: str
    candidates: list[AwardEvidence]
    facts: dict[str, Any]


def _by_unit(rows: Iterable[AwardEvidence]) -> dict[str, list[AwardEvidence]]:
    found: dict[str, list[AwardEvidence]] = {}
    for row in rows:
        found.setdefault(row.unit.code, []).append(row)
    return found


def _group(unit: str, rows: list[AwardEvidence], month: date) -> Group:
    """Ranks over all officers shown, then the rule, then eligibility (scoring.md §5)."""
    day = clock.month_end(month)
    minimum = float(policy.get("award.min_punctuality", day))
    obstacles = {
        str(row.person.pk): rules.obstacle(may_be_used=row.has_award_use, punctuality=row.punctuality, minimum=minimum)
        for row in rows
    }
    found = scoring.shortlist(
        {str(row.person.pk): row.p_top for row in rows},
        eligible=[key for key, stands in obstacles.items() if stands is None],
        q=float(policy.get("award.q", day)),
        min_group=int(policy.get("award.min_group", day)),
    )
    by_key = {str(row.person.pk): row for row in rows}
    facts = {
        "unit": unit,
        "J": found.group_size,
        "k": found.k,
        "selected": len(found.selected),
        "candidates": len(found.members),
        "expected_error": found.expected_error,
        "empty": found.reason.value if found.reason else None,
        "obstacles": rules.tally(name for key in found.selected if (name := obstacles[key]) is not None),
        "draws": rows[0].ranks.get("draws"),
        "seed": rows[0].ranks.get("seed"),
        "mc_error": rows[0].ranks.get("mc_error"),
    }
    return Group(unit, [by_key[key] for key in found.members], facts)


def _parameters(closing: Closing, groups: list[Group]) -> dict[str, Any]:
    day = clock.month_end(closing.month)
    compared = {group.unit for group in groups}
    units = closing.officer_results.exclude(unit__code__in=compared).values_list("unit__code", flat=True)
    return {
        "q": float(policy.get("award.q", day)),
        "min_group": int(policy.get("award.min_group", day)),
        "min_punctuality": float(policy.get("award.min_punctuality", day)),
        "reliability": float(policy.get("score.award_reliability", day)),
        "policy_version": policy.version(day),
        "results_digest": closing.results_digest,
        "groups": [group.facts for group in groups],
        "too_small": sorted(set(units)),
    }


def _candidate(opened: Round, one: AwardEvidence, group: Group) -> Candidate:
    row, ranks = one.result, one.ranks
    return Candidate(
        round=opened,
        person=one.person,
        unit=one.unit,
        result=row,
        p_top=one.p_top,
        is_stable=rules.is_stable(one.stable_share),
        evidence={
            "window": [row.window_from.isoformat(), row.window_until.isoformat()],
            "n": at_least(row.n),
            "score": row.score,
            "low": row.low,
            "high": row.high,
            "reliability": row.reliability,
            "events": row.events,
            "with_standard": row.with_standard,
            "on_time": row.on_time,
            "J": group.facts["J"],
            "k": group.facts["k"],
            "rank_low": ranks.get("low"),
            "rank_high": ranks.get("high"),
            "stable_share": one.stable_share,
        },
    )


# --- conflicts of interest -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Statement:
    """What a member states about one candidate."""

    has_conflict: bool
    explanation: str = ""


def state_conflict(*, candidate: Candidate, by: User, has_conflict: bool, explanation: str = "") -> ConflictStatement:
    """A member's statement about one candidate; it may be changed until the decision."""
    (saved,) = state_conflicts(
        round=candidate.round, statements={candidate.pk: Statement(has_conflict, explanation)}, by=by
    )
    return saved


@transaction.atomic
def state_conflicts(*, round: Round, statements: Mapping[int, Statement], by: User) -> list[ConflictStatement]:
    """A member's statements about several candidates. A known tie cannot be denied. All or nothing."""
    if not can(by, Permission.AWARD_DECIDE):
        raise NotYours(_("Pernyataan ini hanya untuk anggota tim penghargaan."))
    held = Round.objects.select_for_update().get(pk=round.pk)
    if held.state != Round.State.OPEN:
        raise AwardRefused(_("Putaran ini sudah diputuskan."))
    candidates = {candidate.pk: candidate for candidate in held.candidates.all()}
    if set(statements) - set(candidates):
        raise AwardRefused(_("Pernyataan menyebut orang yang bukan calon putaran ini."))
    tied = queries.ties(held, by)
    return [
        _state(candidates[key], statement, by, is_tied=key in tied) for key, statement in sorted(statements.items())
    ]


def _state(candidate: Candidate, statement: Statement, by: User, *, is_tied: bool) -> ConflictStatement:
    explanation = statement.explanation.strip()
    if is_tied and not statement.has_conflict:
        raise AwardRefused(
            _("Anda terikat dengan %(name)s (unit atau penilai), jadi kepentingan itu tidak dapat disangkal.")
            % {"name": candidate.person.full_name}
        )
    if statement.has_conflict and not explanation:
        raise AwardRefused(_("Jelaskan kepentingan Anda dengan %(name)s.") % {"name": candidate.person.full_name})
    row = ConflictStatement.objects.filter(candidate=candidate, member=by).first()
    before = {"has_conflict": row.has_conflict} if row else None
    row = row or ConflictStatement(candidate=candidate, member=by)
    row.has_conflict, row.stated_at = statement.has_conflict, clock.now()
    row.explanation = explanation if statement.has_conflict else ""
    row.save()
    audit.record(
        event=Event.AWARD_CONFLICT_STATED,
        actor=by,
        subject=f"candidate:{candidate.pk}",
        before=before,
        after={"has_conflict": row.has_conflict},
        reason=row.explanation,
    )
    return row


# --- the decision ----------------------------------------------------------------------------------------------------


@transaction.atomic
def decide(*, round: Round, winners: Mapping[int, str], reason: str, by: User) -> list[Award]:
    """Decide a round: the winners with their public citations (possibly nobody), and why. Callers re-authenticate."""
    if not can(by, Permission.AWARD_DECIDE):
        raise NotYours(_("Hanya tim penghargaan yang memutuskan."))
    programme = Programme.objects.select_for_update().get(pk=round.programme_id)
    held = Round.objects.select_for_update(of=("self",)).select_related("closing").get(pk=round.pk)
    _refuse_stale(held)
    candidates = {candidate.pk: candidate for candidate in held.candidates.select_related("person")}
    _refuse(_ballot(held, programme, candidates, winners, reason, by))
    now = clock.now()
    held.state, held.reason, held.decided_at, held.decided_by = Round.State.DECIDED, reason.strip(), now, by
    held.save()
    granted = [
        _grant(candidates[key], citation.strip(), programme, held.closing.month, by)
        for key, citation in sorted(winners.items())
    ]
    audit.record(
        event=Event.AWARD_DECIDED,
        actor=by,
        subject=f"round:{held.pk}",
        after={"winners": [award.number for award in granted], "candidates": len(candidates)},
        reason=held.reason,
    )
    return granted


def _refuse_stale(held: Round) -> None:
    if held.state != Round.State.OPEN:
        raise AwardRefused(_("Putaran ini sudah diputuskan."))
    if not held.closing.is_current or held.closing.reopened_at:
        raise AwardRefused(
            _("Bulan ini dibuka kembali, jadi bukti calon tidak berlaku lagi. Buka putaran baru sesudah ditutup.")
        )


def _ballot(
    held: Round,
    programme: Programme,
    candidates: Mapping[int, Candidate],
    winners: Mapping[int, str],
    reason: str,
    by: User,
) -> Ballot:
    has_it = queries.holders(programme, held.closing.month)
    stated = ConflictStatement.objects.filter(candidate__round=held, member=by)
    return Ballot(
        candidates=candidates.keys(),
        winners=winners,
        reason=reason,
        stated=dict(stated.values_list("candidate_id", "has_conflict")),
        tied=queries.ties(held, by),
        already=[key for key, candidate in candidates.items() if candidate.person_id in has_it],
        places=programme.winners,
    )


def _refuse(ballot: Ballot) -> None:
    found = rules.refusals(ballot)
    if found:
        raise AwardRefused(" ".join(refusal_words(one, ballot.places) for one in found))


def refusal_words(refusal: Refusal, places: int) -> str:
    """A refusal as a sentence that says what to do."""
    words = {
        Refusal.NO_REASON: _("Tulis pertimbangan putusan, juga bila tidak ada yang dipilih."),
        Refusal.UNKNOWN: _("Ada pilihan yang bukan calon putaran ini. Muat ulang halaman."),
        Refusal.TOO_MANY: _("Program ini memberi paling banyak %(n)d penghargaan.") % {"n": places},
        Refusal.NO_CITATION: _("Tulis alasan untuk umum bagi setiap yang dipilih."),
        Refusal.NOT_STATED: _("Nyatakan kepentingan Anda terhadap setiap calon lebih dulu."),
        Refusal.CONFLICTED: _("Anda punya kepentingan dengan seorang calon. Anggota lain yang memutuskan."),
        Refusal.TWICE: _("Calon ini sudah menerima penghargaan yang sama untuk bulan ini."),
    }
    return words[refusal]


def _grant(candidate: Candidate, citation: str, programme: Programme, month: date, by: User) -> Award:
    sequence = Award.objects.filter(
        candidate__round__programme=programme, candidate__round__closing__month__year=month.year
    ).count()
    return Award.objects.create(
        candidate=candidate,
        number=rules.award_number(sequence + 1, programme.code, month),
        code=rules.code_from(secrets.token_bytes(10)),
        citation=citation,
        granted_at=clock.now(),
        granted_by=by,
    )
