"""Changing a rule: proposed, tried on the last closed month, adopted into the policy; withdrawn before it holds.

The trial computes that month twice with the code of the closing: under what is decided for the day on which the change
would begin, and under the same rules with the change. It runs in a transaction that the database holds to be read-only, so it cannot write a result.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date
from typing import Any

import procrastinate.exceptions
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from teladan.core import audit, clock, policy, progress
from teladan.core.audit import Event
from teladan.core.jobs import app
from teladan.evaluation.actions.closing import JOB as CLOSING_JOB
from teladan.evaluation.actions.closing import LOCK, code_version
from teladan.evaluation.actions.freezing import Frozen, UnitDraft, freeze
from teladan.evaluation.models import Closing, PolicyProposal
from teladan.evaluation.queries import closing as closings
from teladan.evaluation.queries import inputs
from teladan.evaluation.queries import rulebook as queries
from teladan.evaluation.rules import effects, rulebook
from teladan.evaluation.rules.effects import Outcome, Standing
from teladan.feedback import queries as feedback
from teladan.people.models import User
from teladan.ui import formats

log = logging.getLogger(__name__)

JOB = "evaluation.try_proposal"
STEPS = 4
State = PolicyProposal.State
Report = Callable[[int, str], None]


class ProposalRefused(Exception):
    """The change cannot be proposed, adopted or withdrawn; the message says why. `field` is the input at fault."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


# --- proposing -------------------------------------------------------------------------------------------------------


@transaction.atomic
def propose(*, key: str, value: Any, valid_from: date, legal_basis: str, reason: str, by: User) -> PolicyProposal:
    """Write the proposal down and queue its trial."""
    _check(key, value, valid_from)
    now = clock.now()
    try:
        with transaction.atomic():
            found = PolicyProposal.objects.create(
                key=key,
                value=value,
                valid_from=valid_from,
                legal_basis=legal_basis,
                reason=reason,
                proposed_at=now,
                proposed_by=by,
                requested_at=now,
            )
    except IntegrityError as error:
        raise ProposalRefused(_("Sudah ada usulan untuk aturan ini. Tetapkan atau batalkan dahulu.")) from error
    audit.record(
        event=Event.POLICY_PROPOSED,
        actor=by,
        subject=f"policy:{key}",
        after={"proposal": found.pk, "value": value, "valid_from": valid_from.isoformat()},
        reason=reason,
    )
    _queue(found)
    return found


def _check(key: str, value: Any, valid_from: date) -> None:
    rule = queries.rule(key)
    if rule is None or rule.spec is None or not rule.spec.is_typed:
        raise ProposalRefused(_("Aturan ini hanya berubah lewat paket aturan."))
    if wrong := rulebook.problem(key, value):
        raise ProposalRefused(f"{key}: {wrong}.", "value")
    first = queries.earliest_change()
    if valid_from.day != 1 or valid_from < first:
        raise ProposalRefused(
            _("Aturan sebuah bulan beku sejak bulan itu dibuka. Paling awal %(month)s.")
            % {"month": formats.month(first)},
            "valid_from",
        )
    before = queries.values_on(rule.rows, valid_from).get(key)
    if any(row.valid_from == valid_from for row in rule.rows):
        raise ProposalRefused(_("Aturan ini sudah diubah mulai bulan itu. Tarik dahulu perubahan itu."), "valid_from")
    if before == value:
        raise ProposalRefused(_("Nilai ini sudah berlaku pada bulan itu."), "value")
    if broken := queries.broken_pairs(key, value, valid_from):
        raise ProposalRefused(pair_words(broken[0]), "value")


def pair_words(pair: tuple[str, str]) -> str:
    """Why two rules do not fit together."""
    return {
        ("score.min_n", "score.evaluation_n"): _(
            "Evaluasi tidak boleh menuntut lebih sedikit penilaian daripada nilai untuk petugas sendiri."
        ),
        ("disclosure.k", "score.evaluation_n"): _(
            "Evaluasi tidak boleh menuntut lebih sedikit penilaian daripada batas untuk menampilkan angka."
        ),
        ("score.evaluation_reliability", "score.award_reliability"): _(
            "Penghargaan tidak boleh menuntut keandalan lebih rendah daripada evaluasi."
        ),
        ("score.expectation_low", "score.expectation_high"): _(
            "Batas bawah ekspektasi tidak boleh di atas batas atasnya."
        ),
    }[pair]


# --- trying ----------------------------------------------------------------------------------------------------------


def _queue(found: PolicyProposal) -> None:
    if closings.current_closing() is None:
        return
    job = app.configure_task(JOB, queueing_lock=f"{JOB}:{found.pk}", lock=CLOSING_JOB)
    try:
        with transaction.atomic():
            job.defer(proposal=found.pk)
    except procrastinate.exceptions.AlreadyEnqueued:
        return


@transaction.atomic
def request_trial(*, proposal: PolicyProposal) -> None:
    """Queue the trial again, because a month was closed since or the last one failed."""
    found = _held(proposal, State.DRAFT)
    found.requested_at, found.effect, found.closing, found.code_version = clock.now(), None, None, ""
    found.save(update_fields=["requested_at", "effect", "closing", "code_version"])
    _queue(found)


def try_on_last_month(*, proposal: PolicyProposal, on_progress: Report | None = None) -> dict[str, Any] | None:
    """Compare the last closed month under both rules, and keep the comparison; None while no month is closed."""
    report = on_progress or _silently
    with transaction.atomic():
        _only_read()
        closing = closings.current_closing()
        if closing is None:
            return None
        effect = _compared(closing, proposal, report)
    PolicyProposal.objects.filter(pk=proposal.pk, state=State.DRAFT).update(
        effect=effect, closing=closing, code_version=code_version()
    )
    return effect


def _silently(done: int, message: str) -> None:
    """Nobody is watching."""


def _only_read() -> None:
    """No closing runs meanwhile, and the database itself refuses any write until this block ends."""
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [LOCK])


def _compared(closing: Closing, proposal: PolicyProposal, report: Report) -> dict[str, Any]:
    """Both sides hold everything else that is decided for the proposal's first day, so that they differ in one rule."""
    name = {"month": formats.month(closing.month)}
    decided = queries.values_on(policy.all_rows(), proposal.valid_from)
    report(0, _("Membaca %(month)s") % name)
    found = inputs.read(closing.month, changed=decided)
    report(1, _("Menghitung %(month)s dengan aturan sekarang") % name)
    before = _outcome(freeze(found))
    report(2, _("Menghitung %(month)s dengan aturan usulan") % name)
    after = _outcome(freeze(inputs.read(closing.month, changed={**decided, proposal.key: proposal.value})))
    report(3, _("Membandingkan"))
    least = int(found.policy["disclosure.band_officers"])
    frozen = feedback.thresholds(closing.month)
    return {
        "month": f"{closing.month:%Y-%m}",
        "version": closing.version,
        "policy": policy.version(proposal.valid_from),
        "before": decided.get(proposal.key),
        "since": sorted(key for key, value in decided.items() if key in frozen and frozen[key] != value),
        **effects.compare(before, after, names=found.keys.unit_names, least=least),
    }


def _outcome(frozen: Frozen) -> Outcome:
    units = {one.unit: _shown(one) for one in frozen.units if one.service is None}
    services = {(one.unit, one.service): _shown(one) for one in frozen.units if one.service is not None}
    return Outcome(
        officers={
            (one.unit, one.officer): Standing(
                str(one.draft.use),
                one.draft.score,
                str(one.draft.use) == "award" and bool(one.draft.ranks and one.draft.ranks["selected"]),
                one.draft.suggestion,
            )
            for one in frozen.officers
        },
        units=units,
        services=services,
        held=frozen.counts["held"],
    )


def _shown(one: UnitDraft) -> str | None:
    return one.figures.grade if one.figures.is_published else None


def run_trial(*, proposal_id: int) -> None:
    """What the worker does: try, and tell the waiting page how far it is and how it ended."""
    found = queries.proposal(proposal_id)
    if found is None or found.state != State.DRAFT:
        return
    key = queries.progress_key(proposal_id)
    progress.start(key, STEPS, _("Mulai menghitung"))
    try:
        try_on_last_month(proposal=found, on_progress=progress.reporter(key))
    except Exception:
        log.exception("trial of proposal %s failed", proposal_id)
        progress.fail(
            key, _("Hitungan coba gagal, tidak ada yang berubah. Coba lagi; bila berulang, hubungi administrator.")
        )
        raise
    progress.finish(key, _("Selesai"))


# --- deciding --------------------------------------------------------------------------------------------------------


@transaction.atomic
def adopt(*, proposal: PolicyProposal, by: User) -> None:
    """Make the proposal a rule: the old row ends where the new one begins, with its audit event, all or nothing.

    ProposalRefused when it was not tried on the last closed month with the code of today, or no longer fits.
    """
    found = _held(proposal, State.DRAFT)
    if queries.needs_trial(found, code_version=code_version()):
        raise ProposalRefused(_("Hitung dahulu pengaruhnya pada bulan tertutup terakhir."))
    _check(found.key, found.value, found.valid_from)
    try:
        policy.change(
            key=found.key,
            value=found.value,
            valid_from=found.valid_from,
            legal_basis=found.legal_basis,
            reason=found.reason,
            by=by,
        )
    except policy.ChangeRefused as refusal:
        raise ProposalRefused(str(refusal)) from refusal
    _move(found, State.ADOPTED)
    found.adopted_at, found.adopted_by = clock.now(), by
    found.save(update_fields=["state", "adopted_at", "adopted_by"])


@transaction.atomic
def drop(*, proposal: PolicyProposal, by: User) -> None:
    """Give up a proposal that was not adopted."""
    found = _held(proposal, State.DRAFT)
    _end(found, State.DROPPED, "", by)
    audit.record(
        event=Event.POLICY_PROPOSAL_DROPPED, actor=by, subject=f"policy:{found.key}", before={"proposal": found.pk}
    )


@transaction.atomic
def withdraw(*, key: str, valid_from: date, reason: str, by: User) -> None:
    """Take back a decided change before its month opens; the value before it goes on."""
    rule = queries.rule(key)
    row = next((one for one in rule.rows if one.valid_from == valid_from), None) if rule else None
    if rule is None or row is None or valid_from < queries.earliest_change():
        raise ProposalRefused(_("Perubahan ini sudah berlaku atau bulannya sudah dibuka, jadi tidak dapat ditarik."))
    before = next((one for one in rule.rows if one.valid_until == valid_from), None)
    if before and (broken := queries.broken_pairs(key, before.value, valid_from, without=valid_from)):
        raise ProposalRefused(pair_words(broken[0]))
    try:
        policy.withdraw(key=key, valid_from=valid_from, reason=reason, by=by)
    except policy.ChangeRefused as refusal:
        raise ProposalRefused(str(refusal)) from refusal
    rows = PolicyProposal.objects.select_for_update().filter(key=key, valid_from=valid_from, state=State.ADOPTED)
    for found in rows:
        _end(found, State.WITHDRAWN, reason, by)


def _held(proposal: PolicyProposal, state: str) -> PolicyProposal:
    found = PolicyProposal.objects.select_for_update().get(pk=proposal.pk)
    if found.state != state:
        raise ProposalRefused(_("Usulan ini sudah diputuskan."))
    return found


def _move(found: PolicyProposal, state: str) -> None:
    if state not in rulebook.TRANSITIONS[found.state]:
        raise ProposalRefused(_("Usulan ini sudah diputuskan."))
    found.state = state


def _end(found: PolicyProposal, state: str, reason: str, by: User) -> None:
    _move(found, state)
    found.ended_at, found.ended_by, found.end_reason = clock.now(), by, reason
    found.save(update_fields=["state", "ended_at", "ended_by", "end_reason"])
