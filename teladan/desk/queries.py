"""A user's desk: where the month stands, what waits for the user, what waits for others and who can fix it.

Composed from what each room says of itself; the desk knows no rules of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from teladan.awards import queries as awards
from teladan.complaints.queries import worklist as complaints
from teladan.core import clock
from teladan.evaluation.access.team import levels_above
from teladan.evaluation.models import Closing
from teladan.evaluation.queries import closing, team, waiting
from teladan.feedback.queries import comments, integrity
from teladan.learning import queries as learning
from teladan.people import queries as people
from teladan.people.access import can
from teladan.people.models import User
from teladan.people.permissions import Permission
from teladan.services import queries as services
from teladan.ui import formats
from teladan.ui.parts import Stage

TODO, NOW, LATE = "todo", "now", "late"


@dataclass(frozen=True)
class Item:
    """One line: what, why or until when, its state with a word, and where to go."""

    what: str
    note: str = ""
    state: str = TODO
    word: str = ""
    url: str = ""
    action: str = ""


@dataclass(frozen=True)
class Desk:
    month: date
    stages: list[Stage]
    mine: list[Item]
    others: list[Item]
    honours: list[Item]

    @property
    def title(self) -> str:
        """One sentence that says how much waits."""
        urgent = len(self.mine)
        if not urgent:
            return _("Tidak ada yang menunggu Anda")
        return ngettext("Satu hal menunggu Anda", "%(n)d hal menunggu Anda", urgent) % {"n": urgent}


@dataclass(frozen=True)
class Cycle:
    """The last ended month: from when it may be closed, how it was closed, how many were served."""

    month: date
    opens_on: date
    closed: Closing | None
    served: int

    @classmethod
    def now(cls) -> Cycle:
        month = clock.add_months(clock.month_of(clock.today()), -1)
        closed = closing.current_closing(month)
        frozen = closed.counts.get("events") if closed else None
        served = services.event_count(month) if frozen is None else int(frozen)
        return cls(month, closing.opening_days([month])[month], closed, served)

    @property
    def begun(self) -> bool:
        """Whether anything was at all."""
        return bool(self.served or self.closed)


def desk_of(user: User) -> Desk:
    """Everything the home page shows."""
    cycle = Cycle.now()
    mine = [*_closing(user, cycle.month), *_achievements(user), *_team(user), *_evaluations(user), *_awards(user),
            *_complaints(user), *_comments(user), *_integrity(user), *_people(user), *_learning(user)]  # fmt: skip
    stages = _stages(user, cycle) if cycle.begun else []
    return Desk(cycle.month, stages, mine, list(_others(user, cycle)), list(_honours(user)))


def _stages(user: User, cycle: Cycle) -> list[Stage]:
    """The last ended month on its way from the counter to the team's evaluation."""
    opens_on, closed = cycle.opens_on, cycle.closed
    collecting = clock.today() < opens_on
    close_url = reverse("closing-detail", args=[cycle.month]) if can(user, Permission.MONTH_CLOSE) else ""
    team_url = reverse("team-rate") if can(user, Permission.TEAM_RATE) and user.person_id else ""
    return [
        Stage(_("Layanan tercatat"), _("%(n)s layanan") % {"n": formats.number(cycle.served)}, "past"),
        Stage(
            _("Penilaian warga"),
            _("diterima sampai %(day)s") % {"day": formats.day_short(opens_on - timedelta(days=1))},
            "here" if collecting else "past",
        ),
        Stage(
            _("Penutupan bulan"),
            _("ditutup %(day)s") % {"day": formats.day_short(clock.day_of(closed.closed_at))}
            if closed
            else _("mulai %(day)s") % {"day": formats.day_short(opens_on)},
            "past" if closed else "next" if collecting else "here",
            close_url,
        ),
        Stage(_("Penilaian tim"), _("setelah bulan ditutup"), "here" if closed else "next", team_url),
    ]


def _closing(user: User, month: date) -> Iterator[Item]:
    """Months to close. What is missing is looked up for the one that can be closed; that costs the most."""
    if not can(user, Permission.MONTH_CLOSE):
        return
    for due in closing.due_months():
        if not due.is_ready and due.month >= month:
            continue
        missing = len(closing.warnings(due.month, due.opens_on)) if due.is_ready else 0
        name = formats.month(due.month)
        yield Item(
            _("%(month)s siap ditutup") % {"month": name} if due.is_ready else _("%(month)s belum ditutup") % {"month": name},
            _("%(n)d peringatan, tidak menghalangi") % {"n": missing} if missing else "",
            NOW if due.is_ready else TODO,
            _("Siap") if due.is_ready else _("Menunggu bulan sebelumnya"),
            reverse("closing-detail", args=[due.month]),
            _("Buka"),
        )  # fmt: skip


def _achievements(user: User) -> Iterator[Item]:
    if not can(user, Permission.ACHIEVEMENT_SET):
        return
    for month in team.closed_months()[:1]:
        lines = team.achievement_lines(levels_above(user), month, without=user.person)
        missing = sum(line.achievement is None for line in lines)
        if missing:
            yield Item(
                ngettext("Satu capaian unit belum ditetapkan", "%(n)d capaian unit belum ditetapkan", missing) % {"n": missing},
                formats.month(month),
                NOW,
                _("Menunggu Anda"),
                reverse("achievement-list"),
                _("Tetapkan"),
            )  # fmt: skip


def _team(user: User) -> Iterator[Item]:
    if user.person is None or not can(user, Permission.TEAM_RATE):
        return
    for month in team.closed_months()[:1]:
        found = team.team_progress(user.person, month)
        if found is None or found.is_finished:
            continue
        yield Item(
            _("Tim Anda: %(done)d dari %(size)d ditandatangani") % {"done": found.signed, "size": found.size},
            formats.month(month),
            NOW,
            _("Menunggu Anda"),
            reverse("team-rate"),
            _("Nilai tim"),
        )


def _evaluations(user: User) -> Iterator[Item]:
    if user.person is None:
        return
    for row in team.waiting_for(user.person):
        yield Item(
            _("Evaluasi %(month)s sudah ditandatangani") % {"month": formats.month(row.month)},
            _("Baca, lalu nyatakan sudah menerima."),
            NOW,
            _("Baru"),
            reverse("evaluation-detail", args=[row.pk]),
            _("Buka"),
        )


def _awards(user: User) -> Iterator[Item]:
    for todo in awards.worklist(user):
        yield Item(todo.what, todo.note, NOW, _("Menunggu Anda"), todo.url, _("Buka"))


def _honours(user: User) -> Iterator[Item]:
    """The latest award of this person, with the way to all of them and their certificates."""
    if user.person is None:
        return
    for award in awards.awards_of(user.person)[:1]:
        given = award.candidate.round
        yield Item(
            given.programme.name,
            award.citation,
            "done",
            formats.month(given.closing.month),
            reverse("award-own"),
            _("Lihat piagam"),
        )


def _complaints(user: User) -> Iterator[Item]:
    for todo in complaints.worklist(user):
        state, word = (LATE, _("Terlambat")) if todo.is_late else (NOW, _("Menunggu Anda"))
        yield Item(todo.what, todo.note, state, word, todo.url, _("Buka"))


def _comments(user: User) -> Iterator[Item]:
    for todo in comments.worklist(user):
        yield Item(todo.what, todo.note, NOW, _("Menunggu Anda"), todo.url, _("Periksa"))


def _integrity(user: User) -> Iterator[Item]:
    for todo in integrity.integrity_worklist(user):
        yield Item(todo.what, todo.note, NOW, _("Menunggu Anda"), todo.url, _("Buka"))


def _people(user: User) -> Iterator[Item]:
    if not can(user, Permission.APPRAISER_SET):
        return
    missing = people.without_appraiser(clock.today())
    if missing:
        yield Item(
            ngettext("Satu pegawai tanpa atasan penilai", "%(n)d pegawai tanpa atasan penilai", len(missing)) % {"n": len(missing)},
            ", ".join(member.person.name for member in missing[:3]),
            LATE,
            _("Perlu diperbaiki"),
            f"{reverse('people-list')}?tanpa-penilai=1",
            _("Perbaiki"),
        )  # fmt: skip


def _learning(user: User) -> Iterator[Item]:
    if not can(user, Permission.LEARNING_TAKE):
        return
    for todo in learning.worklist(user):
        if todo.slug:
            url = reverse(todo.url_name, args=[todo.slug])
            yield Item(todo.what, _("pelajaran singkat"), TODO, _("Belum"), url, _("Pelajari"))
        else:
            yield Item(_("Baca aturan yang berlaku"), "", TODO, _("Belum"), reverse(todo.url_name), _("Baca"))


def _others(user: User, cycle: Cycle) -> Iterator[Item]:
    """What is not this user's to do, but holds something up for them."""
    month, closed = cycle.month, cycle.closed
    if cycle.begun and not closed and not can(user, Permission.MONTH_CLOSE):
        yield Item(
            _("%(month)s belum ditutup") % {"month": formats.month(month)},
            _("BKPSDM menutupnya mulai %(day)s.") % {"day": formats.day(cycle.opens_on)},
            TODO,
            _("Menunggu"),
        )
    if user.person is not None and (found := people.appraiser_of(user.person, clock.today())) is None:
        path = people.appraiser_path(user.person, clock.today())
        if path.reason is not people.Reason.MAYOR:
            yield Item(
                _("Atasan penilai Anda belum tercatat"), _("BKPSDM dapat menetapkannya."), LATE, _("Perlu diperbaiki")
            )
    elif (
        user.person is not None
        and found is not None
        and closed
        and not waiting.has_signed_evaluation(user.person, month)
    ):
        yield Item(
            _("Evaluasi %(month)s Anda belum ditandatangani") % {"month": formats.month(month)},
            _("Menunggu %(name)s.") % {"name": formats.before_stop(found.person.full_name)},
            TODO,
            _("Menunggu"),
        )
    if can(user, Permission.EVALUATION_MONITOR):
        for latest in team.closed_months()[:1]:
            late = waiting.appraisers_waiting(latest)
            if late:
                names = ", ".join(line.name for line in late[:3])
                yield Item(
                    ngettext("Satu penilai belum selesai", "%(n)d penilai belum selesai", len(late)) % {"n": len(late)},
                    names if len(late) <= 3 else _("%(names)s dan %(n)d lagi") % {"names": names, "n": len(late) - 3},
                    TODO,
                    formats.month(latest),
                )  # fmt: skip
