"""Rating a team, signing, acknowledging, revising; achievement of a unit; reasons for departures.

Nobody rates themselves; only the appraiser of the month's last day rates, only a closed month, only until signing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from teladan.core import audit, clock, policy
from teladan.core.audit import Event
from teladan.evaluation.access.team import may_revise, may_set_achievement
from teladan.evaluation.models import (
    Achievement,
    Closing,
    DistributionReason,
    Evaluation,
    OrganisationAchievement,
)
from teladan.evaluation.queries import document, team
from teladan.evaluation.rules import document as document_rules
from teladan.evaluation.rules import rating
from teladan.people import queries as people
from teladan.people.models import Person, Unit, User
from teladan.ui import formats

State = Evaluation.State


class RatingRefused(Exception):
    """The act is not possible now; the message says why and what to do."""


class NotYours(RatingRefused):
    """The person acting is not the one who may do this."""


@dataclass(frozen=True)
class Picks:
    """What an appraiser chose for one person; empty means not chosen yet."""

    work: str = ""
    behaviour: str = ""
    note: str = ""
    reason: str = ""  # for a behaviour rating other than the citizens' suggestion


# --- rating ----------------------------------------------------------------------------------------------------------


def rate_person(
    *, person: Person, month: date, work: str, behaviour: str, note: str = "", reason: str = "", by: User
) -> Evaluation:
    """Save the draft ratings of one person."""
    (saved,) = rate_team(month=month, picks={person.pk: Picks(work, behaviour, note, reason)}, by=by)
    return saved


@transaction.atomic
def rate_team(*, month: date, picks: Mapping[UUID, Picks], by: User) -> list[Evaluation]:
    """Save the draft ratings of several people; unchanged ones are left alone. All or nothing."""
    _closing(month)
    appraiser = _person_of(by)
    members = {member.person.pk: member for member in people.team_of(appraiser, clock.month_end(month))}
    if strangers := set(picks) - set(members):
        raise NotYours(_("%(n)d orang bukan bagian tim Anda pada akhir bulan itu.") % {"n": len(strangers)})
    drafts = _locked_drafts(picks, month)
    saved = []
    for key, chosen in picks.items():
        rating.predicate_for(chosen.work, chosen.behaviour)  # refuses unknown ratings
        draft = drafts.get(key) or Evaluation(person_id=key, month=month, version=_next_version(key, month))
        saved.append(_save_draft(draft, chosen, appraiser, members[key].unit, by))
    return saved


def _locked_drafts(keys: Iterable[UUID], month: date) -> dict[UUID, Evaluation]:
    """Current evaluations by person. The person rows are the lock, so that two first drafts cannot race."""
    list(Person.objects.select_for_update(no_key=True).filter(pk__in=list(keys)).order_by("pk").values_list("pk"))
    rows = Evaluation.objects.filter(team.CURRENT, person__in=list(keys), month=month)
    return {row.person_id: row for row in rows}


def _next_version(person: UUID, month: date) -> int:
    return Evaluation.objects.filter(person=person, month=month).count() + 1


def _save_draft(draft: Evaluation, chosen: Picks, appraiser: Person, unit: Unit, by: User) -> Evaluation:
    if draft.signed_at is not None:
        raise RatingRefused(
            _("Penilaian %(name)s sudah ditandatangani dan tidak dapat diubah.") % {"name": draft.person.full_name}
        )
    before = {"work": draft.work, "behaviour": draft.behaviour}
    after = {"work": chosen.work, "behaviour": chosen.behaviour}
    note, reason = chosen.note.replace("\r\n", "\n").strip(), " ".join(chosen.reason.split())
    same_words = (draft.note, draft.suggestion_reason) == (note, reason)
    is_new = draft._state.adding
    if before == after and same_words and draft.appraiser_id == appraiser.pk:
        return draft
    if is_new and not any((*after.values(), note, reason)):
        return draft
    draft.appraiser, draft.unit, draft.note, draft.updated_at = appraiser, unit, note, clock.now()
    draft.work, draft.behaviour, draft.suggestion_reason = chosen.work, chosen.behaviour, reason
    draft.predicate = rating.predicate_for(draft.work, draft.behaviour)
    draft.save()
    audit.record(
        event=Event.EVALUATION_RATED,
        actor=by,
        subject=f"evaluation:{draft.pk}",
        before=None if is_new else before,
        after=after,
    )
    return draft


def _closing(month: date) -> Closing:
    closing = team.closing_of(month)
    if closing is None:
        raise RatingRefused(_("Bulan itu belum ditutup. BKPSDM menutupnya lebih dulu."))
    return closing


def _person_of(by: User) -> Person:
    if by.person is None:
        raise NotYours(_("Akun ini bukan akun pegawai, jadi tidak dapat menilai."))
    return by.person


# --- the distribution ------------------------------------------------------------------------------------------------


@transaction.atomic
def explain_departure(*, unit: Unit, month: date, reason: str, by: User) -> DistributionReason:
    """Record why the distribution departs from the guideline; it never blocks and never changes a rating."""
    _closing(month)
    appraiser, text = _person_of(by), reason.strip()
    if not text:
        raise RatingRefused(_("Tulis alasannya dalam satu atau dua kalimat."))
    found = team.team(appraiser, month)
    if unit.pk not in {spread.unit.pk for spread in found.spreads}:
        raise NotYours(_("Anda tidak menilai siapa pun lewat unit ini pada bulan itu."))
    row, is_new = DistributionReason.objects.select_for_update().get_or_create(
        unit=unit,
        appraiser=appraiser,
        month=month,
        defaults={"reason": text, "written_at": clock.now(), "written_by": by},
    )
    before = None if is_new else {"reason": row.reason}
    if not is_new:
        row.reason, row.written_at, row.written_by = text, clock.now(), by
        row.save()
    audit.record(
        event=Event.DEPARTURE_EXPLAINED,
        actor=by,
        subject=f"unit:{unit.code}:{month:%Y-%m}",
        before=before,
        after={"reason": text},
        reason=text,
    )
    return row


# --- achievement -----------------------------------------------------------------------------------------------------


@transaction.atomic
def set_achievement(*, unit: Unit, month: date, value: str, reason: str, by: User) -> OrganisationAchievement:
    """Set the achievement of a unit for a month: the level above, with a reason, before its head signs."""
    _closing(month)
    if value not in Achievement.values:
        raise RatingRefused(_("Capaian %(value)s tidak dikenal.") % {"value": value})
    if not reason.strip():
        raise RatingRefused(_("Tulis alasan capaian ini, misalnya indikator yang menjadi dasar."))
    day = clock.month_end(month)
    if not may_set_achievement(by, unit, day):
        raise NotYours(_("Capaian unit ditetapkan oleh atasan unit itu."))
    head = people.head_of(unit, day)
    if head and team.signed_appraisers([head.pk], month):
        raise RatingRefused(_("Kepala unit ini sudah menandatangani penilaian dengan capaian itu."))
    return _save_achievement(unit, month, value, reason.strip(), by)


def _save_achievement(unit: Unit, month: date, value: str, reason: str, by: User) -> OrganisationAchievement:
    row = OrganisationAchievement.objects.select_for_update().filter(unit=unit, month=month).first()
    if row and (row.value, row.reason) == (value, reason):
        return row
    before = {"value": row.value, "reason": row.reason} if row else None
    row = row or OrganisationAchievement(unit=unit, month=month)
    row.value, row.reason, row.set_at, row.set_by = value, reason, clock.now(), by
    row.save()
    audit.record(
        event=Event.ACHIEVEMENT_SET,
        actor=by,
        subject=f"unit:{unit.code}:{month:%Y-%m}",
        before=before,
        after={"value": value},
        reason=reason,
    )
    return row


# --- signing ---------------------------------------------------------------------------------------------------------


def signing_statement(by: User, month: date, count: int) -> str:
    """The sentence that is shown, agreed to with the password, and kept with every signed evaluation."""
    return _(
        "Saya, %(name)s, menilai %(count)d pegawai untuk %(month)s sebagai Pejabat Penilai Kinerja. Saya sudah "
        "menimbang bukti yang ada dan bertanggung jawab atas penilaian ini."
    ) % {"name": str(by), "count": count, "month": formats.month(month)}


def seen_digest(rows: Sequence[team.Row]) -> str:
    """Names exactly what the signing page showed: a change made elsewhere in the meantime is then noticed."""
    return document_rules.digest({row.key: [row.work, row.behaviour, row.note, row.reason] for row in rows})


@transaction.atomic
def sign_team(*, month: date, by: User, statement: str, seen: str | None = None) -> list[Evaluation]:
    """Sign every complete draft of the team: freeze ratings, evidence and digest. Callers re-authenticate first."""
    closing = _closing(month)
    appraiser = _person_of(by)
    _locked_drafts([member.person.pk for member in people.team_of(appraiser, clock.month_end(month))], month)
    found = team.team(appraiser, month)
    rows = found.signable
    if not rows:
        raise RatingRefused(_nothing_to_sign(found))
    if seen is not None and seen != seen_digest(rows):
        raise RatingRefused(_("Ada penilaian yang berubah sejak halaman ini dibuka. Periksa sekali lagi."))
    parties = document.parties_of(found, rows, appraiser)
    now, version = clock.now(), policy.version(clock.month_end(month))
    signed = []
    for row in rows:
        spread = found.spread_of(row.led_unit)
        evidence = frozen_evidence(row, spread, closing) | {
            "document": parties[row.person.pk],
            "policy_version": version,
            "statement": statement,
        }
        signed.append(_sign(row, spread, evidence, appraiser, now, by))
    return signed


def _nothing_to_sign(found: team.Team) -> str:
    if found.ready and found.without_achievement:
        names = ", ".join(spread.unit_name for spread in found.without_achievement)
        return _("Capaian unit belum ditetapkan: %(units)s. Atasan unit menetapkannya lebih dulu.") % {"units": names}
    if any(row.lacks_reason for row in found.rows):
        return _("Tulis dahulu alasan untuk perilaku yang dinilai lain dari saran.")
    return _("Belum ada penilaian lengkap yang menunggu tanda tangan.")


def frozen_evidence(row: team.Row, spread: team.Spread, closing: Closing) -> dict[str, Any]:
    """What lay before the appraiser, as plain values."""
    found = row.evidence
    return {
        "closing": {"version": closing.version, "results_digest": closing.results_digest},
        "service": {"events": found.events, "with_standard": found.with_standard, "on_time": found.on_time}
        if found
        else None,
        "citizens": {
            "score": found.score,
            "low": found.low,
            "high": found.high,
            "adjusted": found.adjusted,
            "adjusted_low": found.adjusted_low,
            "adjusted_high": found.adjusted_high,
            "suggestion": found.suggestion,
            "n": found.n,
            "result": found.result_id,
        }
        if found and found.score is not None
        else None,
        "distribution": {
            "unit": spread.unit.code,
            "counts": dict(spread.counts),
            "size": spread.size,
            "departures": [
                [one.kind, list(one.predicates), str(one.share), str(one.limit) if one.limit is not None else None]
                for one in spread.departures
            ],
            "reason": spread.reason,
        },
    }


def _sign(
    row: team.Row, spread: team.Spread, evidence: dict[str, Any], appraiser: Person, now: datetime, by: User
) -> Evaluation:
    draft = row.evaluation
    assert draft is not None  # a row is signable only with a draft
    assert spread.achievement is not None
    if draft.person_id == by.person_id:
        raise NotYours(_("Tidak seorang pun menilai dirinya sendiri."))
    draft.appraiser, draft.unit = appraiser, row.unit
    draft.predicate, draft.achievement = row.predicate, spread.achievement.value
    if not rating.departs(draft.behaviour, row.suggestion):
        draft.suggestion_reason = ""  # written for a choice that was taken back
    draft.evidence = evidence
    return _seal(draft, now, by, reason=str(evidence["statement"]))


def _seal(draft: Evaluation, now: datetime, by: User, reason: str) -> Evaluation:
    draft.state, draft.signed_at, draft.signed_by, draft.updated_at = State.SIGNED, now, by, now
    draft.digest = document_rules.digest(signed_values(draft))
    draft.save()
    audit.record(
        event=Event.EVALUATION_SIGNED,
        actor=by,
        subject=f"evaluation:{draft.pk}",
        after={"digest": draft.digest, "predicate": draft.predicate, "version": draft.version},
        reason=reason,
    )
    return draft


def signed_values(evaluation: Evaluation) -> dict[str, Any]:
    """Everything the digest covers; anyone with the row can redo it."""
    assert evaluation.signed_at is not None
    return {
        "person": str(evaluation.person_id),
        "appraiser": str(evaluation.appraiser_id),
        "unit": evaluation.unit_id,
        "month": f"{evaluation.month:%Y-%m}",
        "version": evaluation.version,
        "work": evaluation.work,
        "behaviour": evaluation.behaviour,
        "predicate": evaluation.predicate,
        "note": evaluation.note,
        "suggestion_reason": evaluation.suggestion_reason,
        "achievement": evaluation.achievement,
        "evidence": evaluation.evidence,
        "signed_at": evaluation.signed_at.timestamp(),
        "signed_by": evaluation.signed_by_id,
    }


# --- after signing ---------------------------------------------------------------------------------------------------


@transaction.atomic
def acknowledge(*, evaluation: Evaluation, by: User) -> Evaluation:
    """The employee says that the document has been received. Receiving is not agreeing."""
    row = Evaluation.objects.select_for_update().get(pk=evaluation.pk)
    if by.person_id is None or by.person_id != row.person_id:
        raise NotYours(_("Hanya pegawai yang dinilai yang dapat menyatakan sudah menerima."))
    if row.state == State.ACKNOWLEDGED:
        return row
    if row.state != State.SIGNED:
        raise RatingRefused(_("Evaluasi ini sudah diganti versi yang lebih baru. Buka versi terakhir."))
    row.state, row.acknowledged_at, row.acknowledged_by = State.ACKNOWLEDGED, clock.now(), by
    row.save(update_fields=["state", "acknowledged_at", "acknowledged_by"])
    audit.record(event=Event.EVALUATION_ACKNOWLEDGED, actor=by, subject=f"evaluation:{row.pk}")
    return row


@transaction.atomic
def revise_result(*, evaluation: Evaluation, work: str, behaviour: str, note: str, reason: str, by: User) -> Evaluation:
    """A signed result changes only as a new signed version with its reason; the old one stays, superseded."""
    old = Evaluation.objects.select_for_update().get(pk=evaluation.pk)
    if old.state not in (State.SIGNED, State.ACKNOWLEDGED):
        raise RatingRefused(_("Hanya hasil yang ditandatangani dan masih berlaku yang dapat diubah."))
    if not may_revise(by, old):
        raise NotYours(_("Hasil hanya diubah oleh atasan pejabat penilai, dan tidak pernah oleh yang dinilai."))
    predicate = rating.predicate_for(work, behaviour)
    if not predicate or not reason.strip():
        raise RatingRefused(_("Perubahan hasil perlu dua penilaian lengkap dan alasan."))
    old.state = State.SUPERSEDED
    old.save(update_fields=["state"])
    new = Evaluation(
        person_id=old.person_id,
        appraiser_id=old.appraiser_id,
        unit_id=old.unit_id,
        month=old.month,
        version=old.version + 1,
        work=work,
        behaviour=behaviour,
        note=note.strip(),
        suggestion_reason=old.suggestion_reason,
        predicate=predicate,
        achievement=old.achievement,
        evidence=old.evidence | {"revision": {"of": str(old.pk), "reason": reason.strip()}},
    )
    return _seal(new, clock.now(), by, reason=reason.strip())
