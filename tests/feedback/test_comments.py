"""Comments of sealed months: who moderates, what may be shown, when it comes out, and the one reply."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction
from django.test import Client

from teladan.core import clock
from teladan.core.models import AuditEvent
from teladan.evaluation.actions.commenting import release_comments
from teladan.evaluation.models import CommentRelease
from teladan.evaluation.queries import releases
from teladan.feedback.actions import comments as actions
from teladan.feedback.actions.casting import Submission, cast_many
from teladan.feedback.actions.comments import Decision, DecisionRefused, ReplyRefused, decide, forget_originals, reply
from teladan.feedback.actions.sealing import forget_tickets, seal_month
from teladan.feedback.masking import MASK
from teladan.feedback.models import CommentBatch, CommentReply, SealedComment, StagedComment
from teladan.feedback.queries import comments as queries
from teladan.feedback.tokens import token_hash
from teladan.people.models import Person, Unit, User
from tests import make
from tests.feedback.conftest import DAY, OCTOBER, Office

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("october")]
SEAL_DAY = date(2026, 11, 9)
Travel = Callable[[date], Any]


@pytest.fixture
def city(office: Office) -> Unit:
    """The office under a city, with another office beside it."""
    top = make.make_unit("KOTA", "Kota", kind="kota")
    office.unit.periods.update(parent=top)
    make.make_unit("KOMINFO", "Dinas Kominfo", parent=top)
    return top


@pytest.fixture
def moderator(city: Unit) -> User:
    return make.make_user(make.make_staff(Unit.objects.get(code="KOMINFO")), role="moderator")


def written(office: Office, count: int, text: str = "Antre lama", officer: Person | None = None) -> None:
    """Comments as they lie after a seal; the seal itself has its own test."""
    for number in range(count):
        SealedComment.objects.create(
            month=OCTOBER,
            unit=office.unit,
            service=office.service,
            officer=officer or office.officer,
            text=f"{text} {number}",
        )


@pytest.fixture
def sealed_month(office: Office, travel: Travel) -> Iterator[None]:
    """October is sealed, empty."""
    with travel(SEAL_DAY):
        seal_month(month=OCTOBER, by="test")
        yield


def publish_all(by: User, **kw: str) -> None:
    rows = SealedComment.objects.filter(state="waiting")
    decide(decisions=[Decision(row.pk, **(kw or {"shown": row.text})) for row in rows], by=by)


# --- who ------------------------------------------------------------------------------------------------------------


def test_queue_needs_login(client: Client) -> None:
    for path in ("/komentar", "/komentar/jawaban", "/nilai-saya/komentar"):
        assert client.get(path).status_code == 302


@pytest.mark.parametrize("role", ["officer", "unit_head", "bkpsdm", "inspector", "admin", "mayor"])
def test_queue_refuses_other_roles(client: Client, city: Unit, role: str) -> None:
    client.force_login(make.make_user(make.make_staff(city), role=role))
    assert client.get("/komentar").status_code == 403
    assert client.post("/komentar", {}).status_code == 403


def insiders(office: Office, city: Unit) -> dict[str, User]:
    below = make.make_unit("BIDANG", parent=office.unit)
    mover, helper = make.make_person(), make.make_staff(Unit.objects.get(code="KOMINFO"))
    make.place(mover, make.make_post(office.unit), valid_until=date(2026, 9, 1))
    make.place(mover, make.make_post(Unit.objects.get(code="KOMINFO")), valid_from=date(2026, 9, 1))
    make.place(helper, make.make_post(below, "Kepala"), kind="plt")
    people = {
        "the same unit": make.make_staff(office.unit),
        "the same office": make.make_staff(below),
        "until lately": mover,
        "acting": helper,
        "nobody": None,
    }
    return {name: make.make_user(person, role="moderator") for name, person in people.items()}


@pytest.mark.usefixtures("sealed_month")
def test_nobody_moderates_comments_about_their_own_office(client: Client, office: Office, city: Unit) -> None:
    written(office, 1, "RAHASIA")
    row = SealedComment.objects.get()
    for name, user in insiders(office, city).items():
        client.force_login(user)
        page = client.get("/komentar")
        assert (page.status_code, b"RAHASIA" in page.content) == (200, False), name
        assert queries.worklist(user) == [], name
        client.post("/komentar", {"row": row.pk.hex, f"{row.pk.hex}-choice": "remove", f"{row.pk.hex}-reason": "abuse"})
        with pytest.raises(PermissionDenied):
            decide(decisions=[Decision(row.pk, shown=row.text)], by=user)
    row.refresh_from_db()
    assert row.state == "waiting"


@pytest.mark.usefixtures("sealed_month")
def test_a_grant_for_another_unit_does_not_reach(office: Office, city: Unit) -> None:
    written(office, 1)
    other = Unit.objects.get(code="KOMINFO")
    user = make.make_user(make.make_staff(make.make_unit("LAIN", parent=city)), role="moderator", unit=other)
    assert queries.units_to_moderate(user) == {other.pk}
    with pytest.raises(PermissionDenied):
        decide(decisions=[Decision(SealedComment.objects.get().pk, shown="Antre lama 0")], by=user)


def test_nobody_reads_a_comment_before_the_seal(client: Client, office: Office, moderator: User) -> None:
    token = office.token()
    cast_many([Submission(token_hash(token), {"overall": 2}, clock.now(), comment="RAHASIA")])
    assert StagedComment.objects.count() == 1
    client.force_login(moderator)
    assert b"RAHASIA" not in client.get("/komentar").content
    assert queries.worklist(moderator) == []


# --- deciding --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("sealed_month")
@pytest.mark.parametrize(
    ("decision", "said"),
    [
        ({"shown": ""}, "Pilih alasan"),
        ({"shown": "Petugas ramah"}, "tidak boleh diubah"),
        ({"shown": MASK}, "Tidak ada kata"),
        ({"reason": "karena"}, "Pilih alasan"),
    ],
)
def test_decisions_that_do_not_hold_change_nothing(
    office: Office, moderator: User, decision: dict[str, str], said: str
) -> None:
    written(office, 2)
    first, second = SealedComment.objects.order_by("pk")
    with pytest.raises(DecisionRefused, match=said) as refused:
        decide(decisions=[Decision(first.pk, shown=first.text), Decision(second.pk, **decision)], by=moderator)
    assert set(refused.value.problems) == {second.pk}
    assert set(SealedComment.objects.values_list("state", flat=True)) == {"waiting"}


@pytest.mark.usefixtures("sealed_month")
def test_decide_publishes_masks_and_removes_once(office: Office, moderator: User) -> None:
    written(office, 3, "Pak Afdal lama")
    one, two, three = SealedComment.objects.order_by("text")
    first = [
        Decision(one.pk, shown=one.text),
        Decision(two.pk, shown="Pak [...] lama 1"),
        Decision(three.pk, reason="abuse"),
    ]
    assert decide(decisions=first, by=moderator) == actions.Decided(3, 0)
    assert decide(decisions=[Decision(one.pk, reason="abuse")], by=moderator) == actions.Decided(0, 1)
    found = {row.text: (row.state, row.shown, row.reason) for row in SealedComment.objects.all()}
    assert found == {
        one.text: ("published", one.text, ""),
        two.text: ("masked", f"Pak {MASK} lama 1", ""),
        three.text: ("removed", "", "abuse"),
    }
    events = AuditEvent.objects.filter(event="feedback.comment_moderated")
    assert events.count() == 3
    assert "Afdal" not in str(list(events.values_list("after", "before", "reason")))


@pytest.mark.usefixtures("sealed_month")
def test_decided_words_stay(office: Office, moderator: User) -> None:
    written(office, 1)
    publish_all(moderator)
    rows = SealedComment.objects.all()
    changes: list[dict[str, Any]] = [
        {"shown": "lain"}, {"state": "removed", "shown": "", "reason": "abuse"}, {"text": "lain"},
        {"officer": make.make_person()},
    ]  # fmt: skip
    for change in changes:
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.delete()


# --- the moderator's page --------------------------------------------------------------------------------------------


def sent(rows: list[SealedComment], **more: str) -> dict[str, Any]:
    data: dict[str, Any] = {"row": [row.pk.hex for row in rows]}
    for row in rows:
        data |= {f"{row.pk.hex}-choice": "publish", f"{row.pk.hex}-shown": row.text, f"{row.pk.hex}-reason": ""}
    return data | more


@pytest.mark.usefixtures("sealed_month")
def test_page_proposes_masks_and_takes_a_whole_page(client: Client, office: Office, moderator: User) -> None:
    written(office, 200, "Pak Afdal lama")
    client.force_login(moderator)
    page = client.get("/komentar").content.decode()
    assert page.count('name="row"') == queries.PAGE
    assert f"Pak {MASK} lama" in page
    assert client.get("/komentar?page=8").content.decode().count('name="row"') == 200 - 7 * queries.PAGE
    rows = list(queries.waiting_comments([office.unit.pk])[: queries.PAGE])
    key = rows[1].pk.hex
    data = sent(rows, **{f"{rows[0].pk.hex}-choice": "later", f"{key}-choice": "remove", f"{key}-reason": "unrelated"})
    answer = client.post("/komentar", data, follow=True).content.decode()
    assert f"{queries.PAGE - 1} keputusan tersimpan" in answer
    states = dict.fromkeys(["waiting", "published", "removed"], 0)
    for state in SealedComment.objects.values_list("state", flat=True):
        states[state] += 1
    assert states == {"waiting": 176, "published": 23, "removed": 1}
    assert "Satu sudah diputuskan" not in answer
    again = client.post("/komentar", sent(rows[2:4]), follow=True).content.decode()
    assert "2 sudah diputuskan orang lain" in again


@pytest.mark.usefixtures("sealed_month")
def test_page_with_mistakes_keeps_everything(client: Client, office: Office, moderator: User) -> None:
    written(office, 3)
    client.force_login(moderator)
    rows = list(queries.waiting_comments([office.unit.pk]))
    data = sent(rows, **{f"{rows[0].pk.hex}-choice": "remove", f"{rows[1].pk.hex}-shown": "Semua baik"})
    answer = client.post("/komentar", data)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Semua baik" in text
    assert f'href="#id_{rows[0].pk.hex}-reason"' in text
    assert f'href="#id_{rows[1].pk.hex}-shown"' in text
    assert SealedComment.objects.filter(state="waiting").count() == 3
    junk = {"row": ["x", "", *[uuid4().hex] * 3], "a": "b"}
    assert client.post("/komentar", junk).status_code == 302
    for broken in ({"row": rows[0].pk.hex}, sent(rows, **{f"{rows[0].pk.hex}-choice": "ya"})):
        assert client.post("/komentar", broken).status_code == 422


@pytest.mark.usefixtures("sealed_month")
@pytest.mark.parametrize("count", [1, 30])
def test_page_asks_the_same_however_many(
    client: Client, office: Office, moderator: User, django_assert_num_queries: Any, count: int
) -> None:
    written(office, count)
    client.force_login(moderator)
    client.get("/komentar")
    with django_assert_num_queries(14):
        client.get("/komentar")


def test_empty_queue_says_so(client: Client, moderator: User) -> None:
    client.force_login(moderator)
    assert "Semua sudah diperiksa" in client.get("/komentar").content.decode()
    assert "Semua sudah diperiksa" in client.get("/komentar/jawaban").content.decode()


# --- the release -----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("sealed_month")
def test_nothing_comes_out_below_ten_or_before_all_are_read(office: Office, moderator: User) -> None:
    written(office, 9)
    publish_all(moderator)
    assert release_comments() == 0
    written(office, 1, "tetapi dihapus")
    publish_all(moderator, reason="unrelated")
    assert release_comments() == 0
    written(office, 1, "kesepuluh")
    assert release_comments() == 0
    publish_all(moderator)
    assert release_comments() == 1
    [payload] = releases.comments_of("DUKCAPIL")
    assert (payload["received"], payload["removed_in_all"], len(payload["comments"])) == (11, 1, 10)
    assert payload["removed"] == {}  # why a single one was removed would tell somebody what he wrote
    assert release_comments() == 0
    assert CommentRelease.objects.count() == 1


@pytest.mark.usefixtures("sealed_month")
@pytest.mark.parametrize(
    ("reasons", "told"),
    [
        ({"abuse": 12}, {"abuse": 12}),
        ({"abuse": 12, "hatred": 3}, {}),  # 15 removed less 12 would be the three
        ({"abuse": 12, "hatred": 3, "private": 7}, {"abuse": 12}),
        ({"abuse": 10, "unrelated": 11, "accusation": 1}, {"unrelated": 11}),
    ],
)
def test_reasons_are_told_from_ten_on_where_the_rest_are_none_or_ten(
    office: Office, moderator: User, reasons: dict[str, int], told: dict[str, int]
) -> None:
    for reason, n in reasons.items():
        written(office, n)
        publish_all(moderator, reason=reason)
    written(office, 10)
    publish_all(moderator)
    release_comments()
    [payload] = releases.comments_of("DUKCAPIL")
    assert (payload["removed_in_all"], payload["removed"]) == (sum(reasons.values()), told)


@pytest.mark.usefixtures("sealed_month")
def test_release_tells_texts_and_nothing_else(office: Office, moderator: User) -> None:
    written(office, 40)
    publish_all(moderator)
    release_comments()
    [payload] = releases.comments_of("DUKCAPIL")
    assert set(payload) == {
        "first_month", "last_month", "received", "masked", "removed_in_all", "removed", "replies_removed", "comments",
    }  # fmt: skip
    assert {frozenset(comment) for comment in payload["comments"]} == {frozenset({"text", "reply"})}
    order = [int(comment["text"].split()[-1]) for comment in payload["comments"]]
    assert sorted(order) == list(range(40))
    assert order != list(range(40))  # random ids: the same order comes up once in 40!
    drawn = SealedComment.objects.order_by("pk").values_list("shown", flat=True)
    assert [comment["text"] for comment in payload["comments"]] == list(drawn)  # by nothing else


@pytest.mark.usefixtures("sealed_month")
def test_released_comments_never_change(office: Office, moderator: User) -> None:
    written(office, 10)
    publish_all(moderator)
    release_comments()
    for change in ({"batch": None, "for_officer": False}, {"for_officer": False}):
        with pytest.raises(DatabaseError), transaction.atomic():
            SealedComment.objects.update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        CommentRelease.objects.update(version=9)


@pytest.mark.usefixtures("sealed_month")
@pytest.mark.parametrize(
    ("mine", "theirs", "i_read", "they_read"),
    [
        (10, 0, 10, 0),
        (9, 9, 0, 0),
        (10, 9, 0, 0),  # ten of mine would tell me which nine are not
        (10, 10, 10, 10),
        (30, 5, 0, 0),
    ],
)
def test_officer_reads_own_comments_only_in_large_groups(
    office: Office, moderator: User, mine: int, theirs: int, i_read: int, they_read: int
) -> None:
    colleague = make.make_staff(office.unit)
    written(office, mine)
    written(office, theirs, "Lain", colleague)
    publish_all(moderator)
    release_comments()
    assert sum(len(one.comments) for one in queries.own_comments(office.officer)) == i_read
    assert sum(len(one.comments) for one in queries.own_comments(colleague)) == they_read


def test_two_months_come_out_together_when_one_is_too_few(office: Office, moderator: User, travel: Travel) -> None:
    with travel(date(2026, 12, 9)):
        seal_month(month=OCTOBER, by="test")
        seal_month(month=date(2026, 11, 1), by="test")
        written(office, 6)
        publish_all(moderator)
        assert release_comments() == 0
        written(office, 6, "November")
        SealedComment.objects.filter(state="waiting").update(month=date(2026, 11, 1))
        publish_all(moderator)
        assert release_comments() == 1
    batch = CommentBatch.objects.get()
    assert (batch.first_month, batch.last_month, batch.comments.count()) == (OCTOBER, date(2026, 11, 1), 12)


def test_public_page_shows_the_release_and_not_the_rows(client: Client, office: Office, moderator: User) -> None:
    from tests.transparency.test_public import make_closing, unit_payload

    closing = make_closing()
    closing.releases.create(kind="unit", key="DUKCAPIL", payload=unit_payload())
    with clock.at(clock.local(SEAL_DAY, 9)):
        seal_month(month=OCTOBER, by="test")
        written(office, 12, "Pak Afdal ramah")
        rows = list(SealedComment.objects.all())
        choices = [Decision(row.pk, shown=row.text.replace("Afdal", MASK)) for row in rows[:11]]
        decide(decisions=[*choices, Decision(rows[11].pk, reason="accusation")], by=moderator)
        before = client.get("/publik/unit/DUKCAPIL").content.decode()
        release_comments()
    after = client.get("/publik/unit/DUKCAPIL").content.decode()
    everything = client.get("/publik/unit/DUKCAPIL/komentar").content.decode()
    assert "ramah" not in before
    assert after.count(f"Pak {MASK} ramah") == 5
    assert everything.count(f"Pak {MASK} ramah") == 11
    assert "1 dihapus." in everything
    assert "tuduhan" not in everything  # of a single comment it would tell what was in it
    assert "Afdal" not in after + everything
    assert client.get("/publik/unit/TIDAK-ADA/komentar").status_code == 404


# --- the officer's reply ---------------------------------------------------------------------------------------------


@pytest.fixture
def released(office: Office, moderator: User, sealed_month: None) -> SealedComment:
    written(office, 12)
    publish_all(moderator)
    release_comments()
    return SealedComment.objects.order_by("pk")[0]


def test_only_the_rated_officer_replies(client: Client, office: Office, released: SealedComment) -> None:
    stranger = make.make_user(make.make_staff(office.unit), role="officer")
    client.force_login(stranger)
    assert client.get(f"/nilai-saya/komentar/{released.pk}").status_code == 404
    assert client.post(f"/nilai-saya/komentar/{released.pk}", {"text": "halo"}).status_code == 404
    with pytest.raises(PermissionDenied):
        reply(comment=released, text="halo", by=stranger)
    client.force_login(make.make_user(None, role="officer"))
    assert client.get("/nilai-saya/komentar").status_code == 403


def test_no_reply_to_a_comment_one_may_not_read_as_ones_own(
    client: Client, office: Office, moderator: User, sealed_month: None
) -> None:
    written(office, 9)
    publish_all(moderator)
    row = SealedComment.objects.all()[0]
    owner = make.make_user(office.officer, role="officer")
    client.force_login(owner)
    assert client.post(f"/nilai-saya/komentar/{row.pk}", {"text": "halo"}).status_code == 404
    with pytest.raises(PermissionDenied):
        reply(comment=row, text="halo", by=owner)


def test_officer_replies_once_and_the_public_reads_it_after_moderation(
    client: Client, office: Office, moderator: User, released: SealedComment
) -> None:
    client.force_login(make.make_user(office.officer, role="officer"))
    path = f"/nilai-saya/komentar/{released.pk}"
    assert client.post(path, {"text": "  "}).status_code == 422
    assert client.post(path, {"text": "a" * 601}).status_code == 422
    assert client.post(path, {"text": "Maaf. Kini ada dua loket."}).status_code == 302
    assert client.post(path, {"text": "Sekali lagi"}).status_code == 422
    with pytest.raises(ReplyRefused):
        reply(comment=released, text="lagi", by=User.objects.get(person=office.officer))
    assert "Menunggu diperiksa" in client.get("/nilai-saya/komentar").content.decode()
    assert release_comments() == 0
    client.force_login(moderator)
    page = client.get("/komentar/jawaban").content.decode()
    assert "Kini ada dua loket" in page
    assert released.shown in page
    assert "1 jawaban petugas" in queries.worklist(moderator)[0].note
    row = CommentReply.objects.get()
    key = row.pk.hex
    data = {"row": key, f"{key}-choice": "publish", f"{key}-shown": row.text}
    assert client.post("/komentar/jawaban", data).status_code == 302
    assert release_comments() == 1
    [payload] = releases.comments_of("DUKCAPIL")
    assert [one["reply"] for one in payload["comments"] if one["reply"]] == ["Maaf. Kini ada dua loket."]
    assert sorted(CommentRelease.objects.values_list("version", flat=True)) == [1, 2]


def test_removed_reply_is_counted_and_told_to_the_officer(
    client: Client, office: Office, moderator: User, released: SealedComment
) -> None:
    owner = make.make_user(office.officer, role="officer")
    reply(comment=released, text="Ibu itu bohong", by=owner)
    decide(decisions=[Decision(released.pk, reason="abuse")], by=moderator)
    release_comments()
    [payload] = releases.comments_of("DUKCAPIL")
    assert payload["replies_removed"] == 1
    assert "bohong" not in str(payload)
    client.force_login(owner)
    assert "Tidak tampil: makian" in client.get("/nilai-saya/komentar").content.decode()


# --- keeping no longer than needed -----------------------------------------------------------------------------------


def test_originals_are_forgotten_after_their_days(office: Office, moderator: User, released: SealedComment) -> None:
    assert forget_originals() == 0
    with clock.at(clock.now() + timedelta(days=31)):
        assert forget_originals() == 12
        assert forget_originals() == 0
    released.refresh_from_db()
    assert (released.text, bool(released.shown)) == ("", True)


@pytest.mark.django_db(transaction=True)
def test_seal_links_the_officer_for_a_time_and_keeps_no_order(office: Office, travel: Travel) -> None:
    tokens = office.tokens(30)
    cast_many(
        Submission(token_hash(token), {"overall": 2}, clock.now() + timedelta(hours=1), comment=f"{number}")
        for number, token in enumerate(tokens)
    )
    with travel(SEAL_DAY):
        with transaction.atomic():
            seal_month(month=OCTOBER, by="test")
        with connection.cursor() as cursor:
            cursor.execute("SELECT text, officer_id FROM feedback_sealedcomment ORDER BY ctid")
            stored = cursor.fetchall()
        assert {officer for _text, officer in stored} == {office.officer.pk}
        assert [int(text) for text, _officer in stored] != list(range(30))
        forget_tickets(month=OCTOBER)
    later = date(2028, 12, 9)
    with travel(later):
        with transaction.atomic():
            month = OCTOBER
            while month < date(2028, 11, 1):
                month = clock.add_months(month, 1)
                seal_month(month=month, by="test")
        forget_tickets(month=date(2028, 11, 1))
    assert not SealedComment.objects.exclude(officer=None).exists()
    assert DAY.month == OCTOBER.month
