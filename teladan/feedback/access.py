"""Who may moderate or answer a comment, who may decide about held ratings, and whose browser a form came from.

Strangers get 404: they may not know it exists.
"""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from teladan.core import clock
from teladan.core.models import ImportRun
from teladan.feedback import rules
from teladan.feedback.models import CallBack, HeldCase, SealedComment
from teladan.feedback.queries import comments
from teladan.people import queries as people
from teladan.people.access import Account, can, kept_file_or_404, require
from teladan.people.models import Person, User
from teladan.people.permissions import Permission
from teladan.services import queries as services
from teladan.services.models import SourceSystem


def person_of(user: Account) -> Person:
    """The civil servant behind an account; 403 for accounts of nobody."""
    if not isinstance(user, User) or user.person is None:
        raise PermissionDenied(_("Akun ini tidak terhubung dengan seorang pegawai."))
    return user.person


def own_comment_or_404(user: Account, comment_id: UUID) -> SealedComment:
    """A released comment about this account's own service."""
    person = user.person if isinstance(user, User) else None
    found = comments.own_rows(person).filter(pk=comment_id).first() if person else None
    if found is None:
        raise Http404(_("Komentar ini tidak ditemukan."))
    return found


# --- integrity -----------------------------------------------------------------------------------------------------


def own_units(request: HttpRequest) -> frozenset[int]:
    """The units of the office whose employee is signed in in this browser; none for citizens.

    The citizen's pages know no session. The cookie is looked up here alone, when a rating is cast, and who it was is
    neither kept nor logged.
    """
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    if not key:
        return frozenset()
    request.session = SessionStore(key)
    user = get_user(request)
    return office_of(user) if isinstance(user, User) else frozenset()


def office_of(user: User) -> frozenset[int]:
    """Ids of all units of the office in which the account's person works today: the office below the city's top."""
    if user.person is None:
        return frozenset()
    return people.office_units(user.person, clock.today())


def case_or_404(user: Account, case_id: UUID) -> HeldCase:
    """A case, for whoever may look at integrity."""
    require(user, Permission.INTEGRITY_VIEW)
    found = HeldCase.objects.select_related("unit", "officer", "proposed_by", "decided_by").filter(pk=case_id).first()
    if found is None:
        raise Http404(_("Kelompok penilaian ini tidak ditemukan."))
    return found


def case_to_judge_or_404(user: Account, case_id: UUID) -> HeldCase:
    """The case for whoever may decide about it: never somebody of the rated office (403)."""
    found = case_or_404(user, case_id)
    if not may_judge(user, found):
        raise PermissionDenied(_("Hanya orang di luar kantor yang dinilai yang dapat memutuskan."))
    return found


def may_judge(user: Account, case: HeldCase) -> bool:
    """Has the permission and works outside the rated office."""
    if not isinstance(user, User) or not can(user, Permission.RATINGS_JUDGE):
        return False
    return rules.may_judge(office_of(user), case.unit_id)


def call_or_404(user: Account, call_id: int) -> CallBack:
    """A drawn event, for whoever may record the call; not for the office that served (403)."""
    require(user, Permission.RATINGS_JUDGE)
    found = CallBack.objects.select_related("draw", "unit").filter(pk=call_id).first()
    if found is None:
        raise Http404(_("Nomor layanan ini tidak ada dalam sampel."))
    if not isinstance(user, User) or not rules.may_judge(office_of(user), found.unit_id):
        raise PermissionDenied(_("Hanya orang di luar kantor yang dinilai yang dapat mencatat."))
    return found


# --- source systems --------------------------------------------------------------------------------------------------


def may_watch_sources(user: Account) -> bool:
    """Whoever keeps the sources, and whoever brings their events in files."""
    return can(user, Permission.SOURCE_MANAGE) or can(user, Permission.EVENTS_IMPORT)


def require_watching(user: Account) -> None:
    """403 for everybody else."""
    if not may_watch_sources(user):
        require(user, Permission.SOURCE_MANAGE)


def source_or_404(user: Account, code: str) -> SourceSystem:
    """One source system, for those who may look at them."""
    require_watching(user)
    found = services.source_named(code)
    if found is None:
        raise Http404(_("Sumber data ini tidak ada."))
    return found


def source_to_change_or_404(user: Account, code: str) -> SourceSystem:
    """One source system, for those who keep them."""
    require(user, Permission.SOURCE_MANAGE)
    return source_or_404(user, code)


def event_run_or_404(user: Account, run_id: UUID) -> ImportRun:
    """A kept file of events."""
    return kept_file_or_404(user, run_id, Permission.EVENTS_IMPORT, "events")
