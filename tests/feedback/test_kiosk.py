"""Kiosks: who may keep them, how a tablet is enrolled, and what its outbox may and may not do."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from django.test import Client
from django.urls import reverse

from teladan.core import clock
from teladan.core.models import AuditEvent
from teladan.feedback import kiosk_box, rules, tokens
from teladan.feedback.actions import kiosks as actions
from teladan.feedback.models import Kiosk, StagedComment, StagedRating, Ticket
from teladan.people.models import User
from tests import make
from tests.feedback.conftest import Office
from tests.feedback.tablet import is_signed, seal

pytestmark = pytest.mark.django_db

KEEPER_PAGES = ("/kios", "/kios/pintu")
KEEPER_POSTS = ("/kios/pintu/kode", "/kios/pintu/cabut")
SCREEN, OUTBOX, TYPED = "/kiosk/pintu", "/kiosk/pintu/kotak", "/kiosk/pintu/ketik"


@pytest.fixture
def keeper(office: Office) -> User:
    return make.make_user(role="operator", unit=office.unit)


@pytest.fixture
def kiosk(office: Office, october: datetime, keeper: User) -> Kiosk:
    return actions.create_kiosk(code="pintu", name="Tablet pintu keluar", unit=office.unit, by=keeper)


@pytest.fixture
def tablet(kiosk: Kiosk, keeper: User) -> Client:
    """An enrolled tablet."""
    client = Client()
    code = actions.make_code(kiosk=kiosk, by=keeper)
    assert client.post(SCREEN, {"code": code.lower()}).status_code == 302
    return client


def at(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def post(client: Client, path: str, body: object) -> Any:
    return client.post(path, json.dumps(body), content_type="application/json")


def letter(content: dict[str, Any] | bytes, **kw: Any) -> dict[str, str]:
    return seal("pintu", kiosk_box.box_key(), content, **kw)


def rating(token: bytes, **answers: int) -> dict[str, Any]:
    return {"token": tokens.encode(token), "answers": {"overall": 3, **answers}}


def sent(client: Client, *letters: dict[str, str], waiting: int = 0) -> list[dict[str, str]]:
    response = post(client, OUTBOX, {"letters": list(letters), "waiting": waiting})
    assert response.status_code == 200
    answers: list[dict[str, str]] = response.json()["answers"]
    return answers


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*KEEPER_PAGES, *KEEPER_POSTS])
def test_kiosk_keeping_needs_login(client: Client, kiosk: Kiosk, path: str) -> None:
    response = client.post(path) if path in KEEPER_POSTS else client.get(path)
    assert response.status_code == 302
    assert "/akun/" in response.headers["Location"]


@pytest.mark.parametrize("role", ["officer", "unit_head", "bkpsdm", "inspector", "mayor"])
@pytest.mark.parametrize("path", [*KEEPER_PAGES, *KEEPER_POSTS])
def test_kiosk_keeping_refuses_other_roles(kiosk: Kiosk, role: str, path: str) -> None:
    client = at(make.make_user(make.make_person(), role=role))
    assert (client.post(path) if path in KEEPER_POSTS else client.get(path)).status_code == 403


def test_kiosk_of_another_unit_is_hidden_from_stranger(kiosk: Kiosk) -> None:
    stranger = at(make.make_user(role="operator", unit=make.make_unit("LAIN")))
    assert stranger.get("/kios/pintu").status_code == 404
    assert stranger.post("/kios/pintu/kode").status_code == 404
    assert stranger.post("/kios/pintu/cabut", {"reason": "x"}).status_code == 404
    assert stranger.post("/kios", {"name": "x", "code": "y", "unit": "DUKCAPIL"}).status_code == 422


def test_kiosk_refuses_the_wrong_method(kiosk: Kiosk, keeper: User, tablet: Client) -> None:
    assert [at(keeper).get(path).status_code for path in KEEPER_POSTS] == [405, 405]
    assert [tablet.get(path).status_code for path in (OUTBOX, TYPED)] == [405, 405]
    assert tablet.post("/kiosk/pintu/pekerja.js").status_code == 405


@pytest.mark.parametrize("path", [SCREEN, OUTBOX, TYPED, "/kiosk/pintu/pekerja.js"])
def test_unknown_and_revoked_kiosks_are_hidden(kiosk: Kiosk, keeper: User, tablet: Client, path: str) -> None:
    actions.revoke_kiosk(kiosk=kiosk, reason="Tablet hilang", by=keeper)
    for one in (path, path.replace("pintu", "lain")):
        response = tablet.get(one) if one.endswith(("lain", "pintu", "js")) else post(tablet, one, {})
        assert response.status_code == 404


def test_outbox_refuses_a_tablet_that_is_not_enrolled(client: Client, kiosk: Kiosk, office: Office) -> None:
    body = {"letters": [letter(rating(office.token()))], "waiting": 1}
    assert post(client, OUTBOX, body).status_code == 401
    client.cookies["kios"] = "tebakan"
    assert post(client, OUTBOX, body).status_code == 401
    assert post(client, TYPED, {"number": "1234567", "code": "ABCDEFGH"}).status_code == 401
    assert not StagedRating.objects.exists()


def test_outbox_refuses_forms_of_another_site(tablet: Client) -> None:
    body = json.dumps({"letters": [], "waiting": 0})
    response = tablet.post(OUTBOX, body, content_type="application/json", headers={"Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 403


@pytest.mark.parametrize(
    "body",
    ["", "[]", "{", '{"letters": 3, "waiting": 0}', '{"letters": []}', '{"letters": [], "waiting": -1}',
     '{"letters": [], "waiting": 5001}', '{"letters": [], "waiting": true}', "x" * 400_001, "[" * 100_000],
)  # fmt: skip
def test_outbox_refuses_what_is_no_outbox(tablet: Client, body: str) -> None:
    assert tablet.post(OUTBOX, body, content_type="application/json").status_code == 400


@pytest.mark.parametrize("body", ["", "[]", "3", '"x"', "null", "{", '{"number": ["1"], "code": {}}', "[" * 100_000])
def test_typing_refuses_what_is_no_ticket(tablet: Client, body: str) -> None:
    assert tablet.post(TYPED, body, content_type="application/json").json() == {"fits": False}


def test_enrolment_refuses_wrong_old_and_used_codes(kiosk: Kiosk, keeper: User) -> None:
    code = actions.make_code(kiosk=kiosk, by=keeper)
    first, second = Client(), Client()
    assert first.post(SCREEN, {"code": "AAAAAAAA" if code != "AAAAAAAA" else "BBBBBBBB"}).status_code == 422
    assert first.post(SCREEN, {"code": ""}).status_code == 422
    with clock.at(clock.now() + timedelta(minutes=rules.KIOSK_CODE_MINUTES + 1)):
        assert first.post(SCREEN, {"code": code}).status_code == 422
    assert first.post(SCREEN, {"code": code}).status_code == 302
    assert second.post(SCREEN, {"code": code}).status_code == 422
    assert first.get(SCREEN).status_code == 200
    assert second.get(SCREEN).status_code == 401


def test_enrolment_is_limited(kiosk: Kiosk, keeper: User) -> None:
    code = actions.make_code(kiosk=kiosk, by=keeper)
    wrong = "AAAAAAAA" if code != "AAAAAAAA" else "BBBBBBBB"
    client = Client()
    for _ in range(rules.KIOSK_CODE_TRIES):
        client.post(SCREEN, {"code": wrong})
    response = client.post(SCREEN, {"code": code})
    assert response.status_code == 422
    assert "Terlalu sering" in response.content.decode()
    assert not Kiosk.objects.get().is_enrolled


def test_a_new_tablet_shuts_out_the_old_one(kiosk: Kiosk, keeper: User, tablet: Client) -> None:
    actions.make_code(kiosk=kiosk, by=keeper)
    assert tablet.get(SCREEN).status_code == 200  # until the code is used
    other = Client()
    code = actions.make_code(kiosk=kiosk, by=keeper)
    other.post(SCREEN, {"code": code})
    assert tablet.get(SCREEN).status_code == 401
    assert other.get(SCREEN).status_code == 200


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"null", b"3", {"answers": {"overall": 3}}, {"token": "KURANG", "answers": {"overall": 3}},
     {"token": tokens.encode(bytes(16)), "answers": {}}, {"token": tokens.encode(bytes(16)), "answers": {"overall": 5}},
     {"token": tokens.encode(bytes(16)), "answers": {"overall": True}},
     {"token": tokens.encode(bytes(16)), "answers": {"overall": 3, "sarana": "4"}},
     {"token": tokens.encode(bytes(16)), "answers": [3]}, {"token": 3, "answers": {"overall": 3}},
     {"token": tokens.encode(bytes(16)), "answers": {"overall": 3}, "comment": 7},
     {"number": 1234567, "code": "ABCDEFGH", "answers": {"overall": 3}}],
)  # fmt: skip
def test_a_letter_that_says_nothing_useful_stays_on_the_tablet(tablet: Client, content: dict[str, Any] | bytes) -> None:
    (answer,) = sent(tablet, letter(content))
    assert (answer["fate"], answer["signature"]) == ("unreadable", "")
    assert not StagedRating.objects.exists()


def test_damaged_or_foreign_letters_are_unreadable(tablet: Client, office: Office) -> None:
    whole = letter(rating(office.token()))
    broken: list[Any] = [
        whole | {"box": whole["box"][:-4] + "AAAA"},
        whole | {"id": "anderes-id"},
        whole | {"iv": "AAAA"},
    ]
    broken += [whole | {"key": whole["key"][:-2] + "AA"}, whole | {"box": "!!"}, {"id": "kurang"}, 7, None, "x"]
    broken.append(seal("kios-lain", kiosk_box.box_key(), rating(office.token())))
    assert {answer["fate"] for answer in sent(tablet, *broken)} == {"unreadable"}
    assert not StagedRating.objects.exists()


# --- enrolment and keeping ---------------------------------------------------------------------------------------------


def test_keeper_makes_a_kiosk_and_reads_the_code_once(office: Office, october: datetime, keeper: User) -> None:
    client = at(keeper)
    assert "Belum ada kios" in client.get("/kios").content.decode()
    form = {"name": "Tablet lobi", "code": "lobi", "unit": "DUKCAPIL"}
    assert client.post("/kios", form).headers["Location"] == "/kios/lobi"
    assert client.post("/kios", form).status_code == 422  # the code is taken
    shown = client.post("/kios/lobi/kode").content.decode()
    row = Kiosk.objects.get()
    code = shown.split('<p class="secret">')[1].split("<")[0].replace(" ", "")
    assert code not in row.enrol_hash
    assert code not in client.get("/kios/lobi").content.decode()
    assert Client().post("/kiosk/lobi", {"code": code}).status_code == 302
    events = list(AuditEvent.objects.filter(subject="kiosk:lobi").order_by("pk").values_list("event", flat=True))
    assert events == ["feedback.kiosk_created", "feedback.kiosk_code_made", "feedback.kiosk_enrolled"]


def test_revoking_needs_a_reason_and_is_final(kiosk: Kiosk, keeper: User, tablet: Client) -> None:
    client = at(keeper)
    assert client.post("/kios/pintu/cabut", {"reason": " "}).status_code == 422
    assert client.post("/kios/pintu/cabut", {"reason": "Tablet hilang"}).status_code == 302
    assert tablet.get(SCREEN).status_code == 404
    assert client.post("/kios/pintu/kode").status_code == 302
    assert Kiosk.objects.get().enrol_hash == ""
    assert AuditEvent.objects.get(event="feedback.kiosk_revoked").reason == "Tablet hilang"


@pytest.mark.parametrize("count", [1, 3])
def test_kiosk_list_costs_six_queries(
    office: Office, october: datetime, keeper: User, count: int, django_assert_num_queries: Any
) -> None:
    for number in range(count):
        actions.create_kiosk(code=f"k{number}", name=f"Kios {number}", unit=office.unit, by=keeper)
    client = at(keeper)
    with django_assert_num_queries(6):
        client.get("/kios")


def test_screen_has_strict_headers_and_both_keys(tablet: Client) -> None:
    response = tablet.get(SCREEN)
    policy = response.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy
    assert response.headers["Permissions-Policy"].startswith("camera=(self)")
    assert "no-store" in response.headers["Cache-Control"]
    text = response.content.decode()
    assert kiosk_box.box_key() in text
    assert kiosk_box.ack_key() in text
    assert "<script>" not in text
    assert 'lang="en"' in tablet.get(f"{SCREEN}?bahasa=en").content.decode().split("<body")[0]


def test_screen_says_that_minangkabau_awaits_review(tablet: Client) -> None:
    page = tablet.get(f"{SCREEN}?bahasa=min").content.decode()
    assert '<html lang="min">' in page
    assert "alun dipareso" in page
    assert "alun dipareso" not in tablet.get(f"{SCREEN}?bahasa=id").content.decode()


def test_worker_keeps_the_page_and_its_files(tablet: Client) -> None:
    response = tablet.get("/kiosk/pintu/pekerja.js")
    assert response.headers["Service-Worker-Allowed"] == SCREEN
    text = response.content.decode()
    assert "/kiosk/pintu?bahasa=id" in text
    assert "kiosk.js" in text


# --- the outbox --------------------------------------------------------------------------------------------------------


def test_a_letter_is_cast_and_acknowledged(tablet: Client, office: Office) -> None:
    token = office.token()
    one = letter({**rating(token, kompetensi=4, sarana=2), "comment": " Antre lama. "})
    (answer,) = sent(tablet, one, waiting=7)
    assert is_signed("pintu", kiosk_box.ack_key(), one["id"], answer["signature"])
    with pytest.raises(InvalidSignature):
        is_signed("pintu", kiosk_box.ack_key(), "lain-sekali", answer["signature"])
    row = StagedRating.objects.get()
    assert (row.overall, row.kompetensi, row.sarana, row.biaya, row.channel) == (3, 4, 2, None, "kios")
    assert StagedComment.objects.get().text == "Antre lama."
    kiosk = Kiosk.objects.get()
    assert (kiosk.waiting, kiosk.seen_on) == (6, clock.today()), "what has just arrived waits no more"


def test_a_letter_sent_again_changes_nothing_and_is_acknowledged_again(tablet: Client, office: Office) -> None:
    one = letter(rating(office.token()))
    for _ in range(3):
        (answer,) = sent(tablet, one)
        assert is_signed("pintu", kiosk_box.ack_key(), one["id"], answer["signature"])
    assert StagedRating.objects.count() == 1


def test_used_expired_unknown_and_mistyped_tickets_are_acknowledged_alike(tablet: Client, office: Office) -> None:
    used = office.token()
    sent(tablet, letter(rating(used)))
    letters = [letter(rating(used)), letter(rating(b"\x00" * 15 + b"\x09"))]
    letters.append(letter({"number": "1234567", "code": "ABCDEFGH", "answers": {"overall": 1}}))
    answers = sent(tablet, *letters)
    assert [answer["fate"] for answer in answers] == ["accepted"] * 3
    assert StagedRating.objects.count() == 1


def test_typed_tickets_wait_when_too_many_codes_were_tried(tablet: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "TYPED_PER_MINUTE", 2)
    content = {"code": "ABCDEFGH", "answers": {"overall": 1}}
    letters = [letter({**content, "number": str(1234560 + i)}) for i in range(4)]
    assert [answer["fate"] for answer in sent(tablet, *letters)] == ["accepted", "accepted", "later", "later"]


def test_typed_ticket_is_checked_while_online_and_cast(tablet: Client, office: Office) -> None:
    from teladan.feedback.actions.tickets import issue_ticket

    issued = issue_ticket(event=office.event(), by="uji", printed=True)
    typed = {"number": issued.typed_number, "code": issued.typed_code}
    assert post(tablet, TYPED, typed).json() == {"fits": True}
    assert post(tablet, TYPED, {**typed, "code": "AAAAAAAA"}).json() == {"fits": False}
    assert post(tablet, TYPED, {"number": "1"}).json() == {"fits": False}
    sent(tablet, letter({**typed, "answers": {"overall": 4}}))
    assert StagedRating.objects.get().overall == 4


def test_used_and_expired_typed_tickets_fit_like_a_fresh_one(tablet: Client, office: Office) -> None:
    from teladan.feedback.actions.tickets import issue_ticket

    used, old = (issue_ticket(event=office.event(), by="uji", printed=True) for _ in range(2))
    Ticket.objects.filter(pk=old.ticket.pk).update(expires_on=clock.today() - timedelta(days=1))
    typed = [{"number": one.typed_number, "code": one.typed_code} for one in (used, old)]
    sent(tablet, letter({**typed[0], "answers": {"overall": 4}}))
    for one in typed:
        assert post(tablet, TYPED, one).json() == {"fits": True}
        [answer] = sent(tablet, letter({**one, "answers": {"overall": 1}}))
        assert (answer["fate"], len(answer["code"])) == ("accepted", 24)
    assert StagedRating.objects.get().overall == 4


@pytest.mark.parametrize("odd", ["\ud83d", "a\0b", "\ud83d\ude00"])
def test_a_letter_with_odd_characters_stops_no_other(tablet: Client, office: Office, odd: str) -> None:
    """A text cut in the middle of a picture is half a character; whatever it is, the outbox goes on."""
    words, ticket = letter({**rating(office.token()), "comment": odd}), letter(rating(office.token()))
    typed = letter({"number": odd, "code": odd, "answers": {"overall": 4}})
    answers = sent(tablet, words, typed, ticket)
    assert {one["fate"] for one in answers} == {"accepted"}
    assert StagedRating.objects.count() == 2


def test_a_letter_nested_without_end_stops_no_other(tablet: Client, office: Office) -> None:
    endless = letter(b"[" * 10_000)
    answers = sent(tablet, endless, letter(rating(office.token())))
    assert [one["fate"] for one in answers] == ["unreadable", "accepted"]


def test_letters_cut_doubled_and_shuffled_count_once_each(tablet: Client, office: Office) -> None:
    """The outbox as a bad line sees it: answers lost, letters doubled, order mixed, clocks two days off."""
    random = Random(500)
    fresh = office.tokens(100)
    outbox = {one["id"]: one for one in (letter(rating(token, perilaku=1 + i % 4)) for i, token in enumerate(fresh))}
    rounds = 0
    while outbox:
        rounds += 1
        batch = random.choices(list(outbox.values()), k=min(rules.KIOSK_BATCH, 2 * len(outbox)))
        shift = timedelta(days=random.choice((-2, -1, 0, 0, 1, 2)))
        with clock.at(clock.now() + shift):
            answers = sent(tablet, *batch, waiting=len(outbox))
        if random.random() < 0.3:
            continue  # the answer never arrived
        for answer in answers:
            if is_signed("pintu", kiosk_box.ack_key(), answer["id"], answer["signature"]):
                outbox.pop(answer["id"], None)
    assert rounds > 5
    assert StagedRating.objects.count() == 100
    assert Ticket.objects.filter(spent_on__isnull=True).count() == 0


def test_no_name_of_a_citizen_or_ticket_reaches_the_log(
    tablet: Client, office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    token = office.token()
    sent(tablet, letter({**rating(token), "comment": "KENARI-RAHASIA"}))
    post(tablet, TYPED, {"number": "7654321", "code": "KENAR1AA"})
    assert tokens.encode(token) not in caplog.text
    assert "KENARI" not in caplog.text
    assert "KENAR1AA" not in caplog.text


def test_addresses_are_short_enough_to_read_out(kiosk: Kiosk) -> None:
    assert reverse("kiosk-screen", args=[kiosk.code]) == SCREEN
