"""Forms that stand only where something is under way: each is found in its state, sent well and badly, and breaks nothing.

Whatever is refused has written nothing. The address table says which forms there are: one that no scene reaches fails the test.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from random import Random
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client

from teladan.awards import actions as awards
from teladan.core import clock, progress
from teladan.core.models import ImportRun
from teladan.core.spreadsheet import write_csv
from teladan.evaluation.actions import proposing, rating
from teladan.evaluation.actions.closing import close_month
from teladan.evaluation.actions.commenting import release_comments
from teladan.feedback import leaves, tokens
from teladan.feedback.actions import calling, comments, holding, kiosks
from teladan.feedback.actions.casting import cast_rating
from teladan.feedback.actions.receipts import finish_rating
from teladan.feedback.actions.sealing import open_month, seal_month
from teladan.feedback.models import ELEMENTS, HeldCase, SealedComment
from teladan.ledger.models import Checkpoint
from teladan.people import actions as people
from teladan.people.models import Unit, User
from teladan.people.permissions import Role
from teladan.services import actions as services
from tests import make
from tests.awards.hall import make_hall
from tests.complaints.conftest import make_town
from tests.evaluation.small_city import OCTOBER, closing_time, everyone, make_city
from tests.evaluation.test_team_pages import build as make_team
from tests.evaluation.test_team_pages import rate as rate_team
from tests.evaluation.test_team_pages import signed as sign_one
from tests.feedback.conftest import make_office
from tests.feedback.test_citizen_fuzz import POSTED
from tests.house.test_forms_at_random import NASTY, SENT_TO, SINGLE, WALKED, Form, Page, name_of, sent, to_the_end
from tests.people.files import employee, employees_csv

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Look:
    """Who looks at which page; `posted`: the page is the answer to this."""

    client: Client
    path: str
    posted: dict[str, str] | None = None


Scene = Callable[[], Iterator[Look]]
SCENES: dict[str, tuple[Any, Scene]] = {}
SPOKEN = {
    "password": make.PASSWORD, "reason": "Sudah diperiksa dengan teliti.", "text": "Sudah kami perbaiki.",
    "note": "Baik.", "story": "Antre tiga jam.", "legal_basis": "Keputusan Wali Kota 12/2026", "valid_from": "2026-12",
    "due_on": "2026-12-31", "action": "Menambah loket", "responsible": "Kepala bidang", "question": "Siapa di loket?",
    "reasons": "Terbukti dari rekaman.", "tracking_number": "ABC-1",
}  # fmt: skip
"""What somebody types into a field that stands empty."""


def scene(at: Any) -> Callable[[Scene], Scene]:
    """A state of the city at an instant; yields who looks at which page."""

    def keep(made: Scene) -> Scene:
        SCENES[made.__name__] = (at, made)
        return made

    return keep


def by(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def inspector(unit: Unit | None = None) -> User:
    home = unit or Unit.objects.filter(code="INSP").first() or make.make_unit("INSP")
    return make.make_user(make.make_staff(home), role="inspector", password=make.PASSWORD)


REACHED = {
    "complaints_at_every_step": {
        "complaint-act", "complaint-check", "complaint-leave", "complaint-receipt", "complaint-record",
        "complaint-release", "complaint-statement", "complaint-status", "complaint-take", "complaint-withdraw",
    },
    "ratings_held_and_calls_to_make": {"call-record", "held-judge"},
    "comments_to_read_and_to_answer": {"comment-reply", "moderation-queue", "moderation-replies"},
    "an_award_round": {"award-conflict", "award-decide", "award-open"},
    "rules_proposed_tried_and_decided": {
        "policy-propose", "policy-withdraw", "proposal-adopt", "proposal-drop", "proposal-try",
    },
    "months_reports_and_older_ones": {
        "closing-reopen", "closing-start", "skm-import-run", "skm-plan", "skm-plan-change", "skm-publish",
    },
    "a_team_that_is_rated_and_signed": {"achievement-list", "team-departure", "team-rate", "team-rate-person", "team-sign"},
    "an_evaluation_to_take_note_of": {"evaluation-acknowledge"},
    "people_their_files_and_their_places": {
        "people-account", "people-account-close", "people-account-make", "people-account-new", "people-account-open",
        "people-account-password", "people-appraiser-end", "people-gap", "people-grant-end", "people-import-run", "units-acting", "units-acting-end",
    },
    "counters_and_tablets": {
        "counter-finish", "counter-reprint", "counter-screen", "kiosk-code", "kiosk-revoke", "kiosk-screen",
    },
    "a_citizen_with_a_receipt": {"receipt-again"},
    "sources_and_their_files": {
        "events-import", "events-import-run", "source-detail", "source-list", "source-resume", "source-revoke", "source-stop",
        "source-token",
    },
}  # fmt: skip
"""Whose forms each scene finds."""
ELSEWHERE = {
    "set_language": "tests/config",
    "account_login": "a library's own, tried in tests/journeys",
    "kiosk-outbox": "letters of a tablet: tests/feedback/test_kiosk.py",
    "kiosk-typed": "a tablet's: tests/feedback/test_kiosk.py",
    "intake:event_send": "tests/feedback/test_api.py",
    "intake:ticket_replace": "tests/feedback/test_api.py",
}
"""What takes a POST without a form of ours, and where it is tried."""


# --- the states ------------------------------------------------------------------------------------------------------

IN_NOVEMBER = clock.local(date(2026, 11, 9), 10, 42)
IN_OCTOBER = clock.local(date(2026, 10, 12), 9)


@scene(IN_NOVEMBER)
def complaints_at_every_step() -> Iterator[Look]:
    town = make_town()
    handler = by(town.handler)

    def key(n: int) -> str:
        return f"{n:032d}"

    for n, made in enumerate((town.taken, town.examined, town.decided)):
        yield Look(handler, f"/pengaduan/kasus/{made(key=key(n)).pk}")
    waiting = town.file(key=key(7))
    yield Look(handler, "/pengaduan/kasus")
    hearing = town.asked(key=key(9))
    yield Look(handler, f"/pengaduan/kasus/{hearing.complaint_id}")
    yield Look(by(town.officer_user), f"/pengaduan/keterangan/{hearing.pk}")
    monitor = by(town.inspector)
    yield Look(monitor, "/pengaduan/kasus/terlambat")
    yield Look(monitor, f"/pengaduan/kasus/{hearing.complaint_id}/lepas")
    citizen = Client()
    citizen.post("/pengaduan/cek", {"number": waiting.complaint.number, "code": waiting.code})
    yield Look(citizen, "/pengaduan/status")
    sent_well = {"about": "s:KK-BARU", "served_on": "02-11-2026", "story": "Antre lama sekali.", "wish": "Diperbaiki.", "name": "Rosmanidar",
                 "contact_kind": "phone", "contact": "0812-7777-4242", "kunci": key(11)}  # fmt: skip
    yield Look(Client(), "/pengaduan/baru", sent_well)


@scene(IN_OCTOBER)
def ratings_held_and_calls_to_make() -> Iterator[Look]:
    office, device = make_office(), uuid.uuid4()
    office.source.issues_tickets = True
    office.source.save()
    for token in office.tokens(3):
        cast_rating(token_hash=tokens.token_hash(token), answers={"overall": 1}, nonce=token, device=device)
    holding.hold_same_device()
    case = HeldCase.objects.get()
    first, second = inspector(), inspector()
    yield Look(by(first), f"/integritas/ditahan/{case.pk}")
    holding.propose_voiding(case=case, reason="Satu perangkat.", by=first)
    for user in (first, second):
        yield Look(by(user), f"/integritas/ditahan/{case.pk}")
    Checkpoint.objects.create(number=0, size=0, root=b"r" * 32, note="uji", at=clock.local(date(2026, 11, 1), 0, 10))
    with clock.at(clock.local(date(2026, 11, 1), 9)):
        drawn = calling.draw_sample(month=OCTOBER)
        assert drawn
        call = drawn.calls.order_by("pk")[0]
        yield Look(by(first), f"/integritas/telepon/nomor/{call.pk}")


@scene(IN_OCTOBER)
def comments_to_read_and_to_answer() -> Iterator[Look]:
    office = make_office()
    top = make.make_unit("KOTA", "Kota", kind="kota")
    office.unit.periods.update(parent=top)
    moderator = make.make_user(make.make_staff(make.make_unit("KOMINFO", parent=top)), role="moderator")
    open_month(OCTOBER)
    with clock.at(IN_NOVEMBER):
        seal_month(month=OCTOBER, by="uji")

        def written(count: int) -> None:
            for number in range(count):
                SealedComment.objects.create(
                    month=OCTOBER, unit=office.unit, service=office.service, officer=office.officer, text=f"Pak Afdal {number}"
                )  # fmt: skip

        written(12)
        rows = SealedComment.objects.all()
        comments.decide(decisions=[comments.Decision(row.pk, shown=row.text) for row in rows], by=moderator)
        release_comments()
        written(2)
        yield Look(by(moderator), "/komentar")
        officer = make.make_user(office.officer, role="officer")
        first, second = SealedComment.objects.exclude(batch=None).order_by("pk")[:2]
        yield Look(by(officer), f"/nilai-saya/komentar/{first.pk}")
        comments.reply(comment=second, text="Sudah kami perbaiki.", by=officer)
        yield Look(by(moderator), "/komentar/jawaban")


@scene(IN_NOVEMBER)
def an_award_round() -> Iterator[Look]:
    hall = make_hall()
    yield Look(by(hall.bkpsdm), "/penghargaan/tim")
    opened = awards.open_round(programme=hall.programme, month=OCTOBER, by=hall.bkpsdm)
    yield Look(by(hall.member), f"/penghargaan/tim/{opened.pk}")
    for candidate in opened.candidates.all():
        awards.state_conflict(candidate=candidate, by=hall.member, has_conflict=False)
    yield Look(by(hall.member), f"/penghargaan/tim/{opened.pk}")


@scene(closing_time())
def rules_proposed_tried_and_decided() -> Iterator[Look]:
    from tests.evaluation.test_policy_pages import KEY, draft

    user = make.make_user(make.make_person(name="Rina Melati"), role="bkpsdm", password=make.PASSWORD)
    city = make_city(officers=3, services=1)
    city.serve(OCTOBER, everyone(city, 12))
    close_month(month=OCTOBER, by="uji")
    proposal = draft(user, requested_at=clock.now() - timedelta(hours=1))
    yield Look(by(user), f"/aturan/usulan/{proposal.pk}")
    proposing.try_on_last_month(proposal=proposal)
    proposal.refresh_from_db()
    yield Look(by(user), f"/aturan/usulan/{proposal.pk}")
    proposing.adopt(proposal=proposal, by=user)
    yield Look(by(user), f"/aturan/{KEY}")


@scene(closing_time())
def months_reports_and_older_ones() -> Iterator[Look]:
    city = make_city(officers=3, services=2)
    city.serve(OCTOBER, everyone(city, 14))
    bkpsdm = make.make_user(make.make_staff(make.make_unit("BKPSDM")), role="bkpsdm", password=make.PASSWORD)
    yield Look(by(bkpsdm), "/bulan/2026-10")
    close_month(month=OCTOBER, by="uji")
    head = make.make_user(make.make_head(city.unit), password=make.PASSWORD)
    for role in Role:
        if role is not Role.CITIZEN:
            make.make_grant(head, role)
    yield Look(by(head), "/bulan/2026-10")
    page = f"/skm/{city.unit.code}/2026-10"
    client = by(head)
    for element in ELEMENTS:
        client.post(f"{page}/rencana", {**SPOKEN, "element": element})
    yield Look(client, page)
    for row in re.findall(rf"{page}/rencana/\d+", client.get(page).content.decode()):
        yield Look(client, row)
    head_of_past = by(head)
    head_of_past.post(
        "/skm-lama", {"file": SimpleUploadedFile("a.csv", b"UNIT;PERIODE;IKM;N;ATURAN\nDISDUK;2019;81,2;120;2017\n")}
    )
    for run in ImportRun.objects.filter(kind__startswith="skm:"):
        yield Look(head_of_past, f"/skm-lama/{run.pk}")


@scene(IN_NOVEMBER)
def a_team_that_is_rated_and_signed() -> Iterator[Look]:
    world = make_team(7)
    yield Look(by(world.mayor), "/capaian")
    yield Look(by(world.user), "/tim")
    rate_team(world, work="above", behaviour="above")
    make.make_achievement(world.section, OCTOBER, world.mayor)
    yield Look(by(world.user), "/tim")
    rating.explain_departure(unit=world.section, month=OCTOBER, reason="Semua luar biasa.", by=world.user)
    yield Look(by(world.user), "/tim/tanda-tangan")


@scene(IN_NOVEMBER)
def an_evaluation_to_take_note_of() -> Iterator[Look]:
    world = make_team()
    one = sign_one(world)
    yield Look(by(world.employee), f"/evaluasi/{one.pk}")


@scene(IN_NOVEMBER)
def people_their_files_and_their_places() -> Iterator[Look]:
    top = make.make_unit("KOTA", kind="kota")
    office = make.make_unit("D", "Dinas Contoh", parent=top)
    section = make.make_unit("S", "Seksi Contoh", parent=office, kind="seksi")
    make.make_head_post(section)
    clerk, other = make.make_staff(section), make.make_staff(section)
    user = make.make_user(make.make_staff(office), role="bkpsdm", password=make.PASSWORD)
    client = by(user)
    yield Look(client, "/pegawai/tanpa-atasan/S")
    yield Look(client, f"/pegawai/tanpa-atasan/S?cari={other.name[:4]}")
    people.set_appraiser(person=clerk, appraiser=other, reason="SK 12", by=user)
    yield Look(client, f"/pegawai/{clerk.pk}")
    account = make.make_user(other, role="officer")
    yield Look(client, f"/peran/akun/{account.pk}")
    gone = make.make_user(make.make_staff(section))
    people.close_account(user=gone, reason="pindah", by=user)
    yield Look(client, f"/peran/akun/{gone.pk}")
    yield Look(client, "/peran")
    acting = people.place_acting_head(unit=section, person=clerk, kind="plt", by=user, valid_from=date(2026, 11, 1))
    assert acting
    yield Look(client, "/unit/S")
    for files, name in ((employees_csv([employee()]), "pegawai.csv"), (b"x;y\n1;2\n", "lain.csv")):
        client.post("/pegawai/impor", {"jenis": "employees", "berkas": SimpleUploadedFile(name, files)})
    for run in ImportRun.objects.all():
        yield Look(client, f"/pegawai/impor/{run.pk}")


@scene(IN_OCTOBER)
def counters_and_tablets() -> Iterator[Look]:
    office = make_office()
    keeper = make.make_user(make.make_staff(office.unit), role="operator", unit=office.unit)
    kiosk = kiosks.create_kiosk(code="pintu", name="Tablet pintu", unit=office.unit, by=keeper)
    yield Look(by(keeper), "/kios/pintu")
    tablet = Client()
    yield Look(tablet, "/kiosk/pintu")
    tablet.post("/kiosk/pintu", {"code": kiosks.make_code(kiosk=kiosk, by=keeper)})
    yield Look(tablet, "/kiosk/pintu")
    yield Look(by(keeper), "/kios/pintu")
    officer = by(make.make_user(office.officer, role=Role.OFFICER, unit=office.unit))
    page = f"/loket/{office.counter.code}"
    served = {"service": office.service.code, "day": "2026-10-12", "channel": "loket"}
    yield Look(officer, page, {**served, "number": "A-1", "outcome": "granted"})
    officer.post(page, {**served, "number": "A-2", "outcome": "", "later": "on"})
    office.event(finished_at=None)
    yield Look(officer, page)


@scene(IN_OCTOBER)
def sources_and_their_files() -> Iterator[Look]:
    office = make_office()
    admin, operator = (make.make_user(role=role, password=make.PASSWORD) for role in (Role.ADMIN, Role.OPERATOR))
    keeper = by(admin)
    yield Look(keeper, "/sumber")
    services.new_source_token(source=office.source, by=admin)
    yield Look(keeper, "/sumber/sistem/ANTREAN")
    services.stop_source(source=office.source, reason="Diganti.", by=admin)
    yield Look(keeper, "/sumber/sistem/ANTREAN")
    services.resume_source(source=office.source, by=admin)
    files = by(operator)
    yield Look(files, "/sumber/berkas")
    row = ["A-001", office.service.code, office.officer.nip, office.counter.code, "2026-10-12 08:00"]
    content = write_csv(["NOMOR", "KODE LAYANAN", "NIP PETUGAS", "KODE LOKET", "WAKTU TEMU"], [row])
    files.post("/sumber/berkas", {"source": "ANTREAN", "file": SimpleUploadedFile("antrean.csv", content)})
    for run in ImportRun.objects.all():
        yield Look(files, f"/sumber/berkas/{run.pk}")


@scene(IN_OCTOBER)
def a_citizen_with_a_receipt() -> Iterator[Look]:
    token = make_office().token()
    citizen = Client()
    key = cast_rating(token_hash=tokens.token_hash(token), answers={"overall": 4}, nonce=token).edit_key
    receipt = finish_rating(edit_key=key)
    assert receipt
    yield Look(citizen, "/cek", {"text": leaves.code_of(receipt.c)})


# --- sending ---------------------------------------------------------------------------------------------------------


class Doors(Page):
    """A page whose buttons may send a form elsewhere."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        super().handle_starttag(tag, attrs)
        found = dict(attrs)
        if tag == "button" and self._open and (elsewhere := found.get("formaction")):
            self.forms.append(Form(self.path, elsewhere, self._open.files, self._open.fields))
        if (live := found.get("hx-post")) and self._open:
            self.forms.append(Form(self.path, live, False, self._open.fields))


def forms_on(look: Look, known: set[tuple[str, ...]]) -> list[Form]:
    """The forms of a page and of those that lie under its address and are linked there, unless they are known already."""
    client, path = look.client, look.path
    found, waiting = list[Form](), [path]
    while waiting:
        at = waiting.pop(0)
        posted = look.posted if at == path else None
        response = client.get(at) if posted is None else client.post(at, posted)
        if response.status_code in (302, 303):
            at = response.headers["Location"]
            response = client.get(at)
        to_the_end(response)
        assert response.status_code in (200, 401), (at, response.status_code)  # 401: a tablet that is not enrolled yet
        if "text/html" not in response.headers.get("Content-Type", ""):
            continue
        page = Doors(at)
        page.feed(response.content.decode())
        for form in page.forms:
            acts = {value for values in form.fields.values() for value in values if re.fullmatch("[a-z_]{3,12}", value)}
            if (key := kind_of(form.action, *form.fields, *acts)) not in known and not known.add(key):
                found.append(form)
        for link in page.links:
            if urlsplit(link).path.startswith(f"{urlsplit(path).path}/"):
                key = kind_of(link, "halaman")
                if key not in known and not known.add(key):
                    waiting.append(link)
    return [form for form in found if name_of(form.action) not in SINGLE | {"set_language"}]


def kind_of(address: str, *more: str) -> tuple[str, ...]:
    """Forms of one kind differ by data alone; what an address ends with tells acts apart."""
    end = urlsplit(address).path.rsplit("/", 1)[-1]
    return name_of(address) or address, "" if re.search(r"\d", end) else end, *sorted(more)


def spoken(form: Form) -> dict[str, Any]:
    """Everything as it stands there, and words where nothing does."""
    found: dict[str, Any] = {}
    for name, values in form.fields.items():
        word = next((word for known, word in SPOKEN.items() if name == known or name.endswith(f"-{known}")), "")
        found[name] = next((value for value in values if value), word) or "Sudah diperiksa."
    return found


def letters(draw: Random, form: Form, times: int) -> Iterator[dict[str, Any]]:
    """Well, then with one field spoilt or left out, then at random."""
    well = spoken(form)
    yield well
    for _ in range(times):
        bad = dict(well)
        for name in draw.sample(sorted(well), min(len(well), draw.randint(1, 2))):
            bad[name] = draw.choice(NASTY)
            if draw.random() < 0.3:
                del bad[name]
        yield bad
    for _ in range(times - 1):
        yield sent(draw, form)


MAY_GROW = ("django_session", "core_ratelimit", "complaints_reading", "procrastinate")  # who looked, and how often


@cache
def _stored() -> str:
    """One query over every table: how many rows, and a sum over what stands in them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
        names = sorted(name for (name,) in cursor.fetchall() if not name.startswith(MAY_GROW))
    return " UNION ALL ".join(
        f"SELECT '{name}' AS name, count(*), sum(hashtext(t::text)::bigint) FROM {connection.ops.quote_name(name)} t"
        for name in names
    )


def stored() -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(_stored())
        return {name: rest for name, *rest in cursor.fetchall()}


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def attack(client: Client, form: Form, draw: Random, times: int) -> set[int]:
    """The answers' numbers. Nobody sees a failure, and what was refused has written nothing."""
    seen = set()
    before = stored()
    cookies = client.cookies.copy()
    for data in letters(draw, form, times):
        with undone():
            response = client.post(form.action, data)
            to_the_end(response)
            assert response.status_code < 500, (form.action, data)
            assert not connection.needs_rollback, (form.action, data)
            if response.status_code >= 400:
                after = stored()
                assert after == before, (form.action, data, [name for name in after if after[name] != before[name]])
            seen.add(response.status_code)
        client.cookies = cookies.copy()
    return seen


def found_in(name: str, times: int, seed: int) -> set[str]:
    """Every form of a scene, sent; the names of their addresses."""
    at, made = SCENES[name]
    draw, reached, known = Random(seed), set[str](), set[tuple[str, ...]]()
    with clock.at(at):
        for look in made():
            look.client.raise_request_exception = True
            forms = forms_on(look, known)
            for form in forms:
                attack(look.client, form, draw, times)
            reached |= {found for form in forms if (found := name_of(form.action))}
    return reached


@pytest.fixture
def _nothing_stays(settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files lie in a folder of the test, and how far work is goes into the test's own transaction."""
    stores = {**settings.STORAGES}
    stores["default"] = {**stores["default"], "OPTIONS": {"location": tmp_path / "media"}}
    settings.STORAGES = stores

    def write(sql: str, *values: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)

    monkeypatch.setattr(progress, "_write", write)


@pytest.mark.usefixtures("_nothing_stays")
@pytest.mark.parametrize("name", SCENES)
def test_forms_of_this_state_break_nothing(name: str) -> None:
    assert found_in(name, 1, seed=1) == REACHED[name]


@pytest.mark.crash
@pytest.mark.usefixtures("_nothing_stays")
@pytest.mark.parametrize("name", SCENES)
def test_forms_of_this_state_break_nothing_many_times(name: str) -> None:
    assert found_in(name, 12, seed=2) == REACHED[name]


def test_every_form_of_the_site_is_found_somewhere() -> None:
    """`SENT_TO` is what takes a POST at all: tests/house/test_forms_at_random.py tries every address."""
    found = {name for names in REACHED.values() for name in names} | WALKED
    citizens = {name_of(path) or "" for path in POSTED}
    assert found | citizens | ELSEWHERE.keys() >= SENT_TO
    assert not ELSEWHERE.keys() & (found | citizens)
