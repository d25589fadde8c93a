"""The citizen's pages over HTTP: refusals, the one path that every ticket walks, and what headers and logs say."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from teladan.core import clock
from teladan.feedback import tokens
from teladan.feedback.actions.tickets import issue_ticket
from teladan.feedback.models import ELEMENTS, StagedComment, StagedRating, Ticket, WaitingProfile
from tests.feedback.citizen_way import PAGES, opened
from tests.feedback.conftest import Office

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("october")]


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["x", "abc-def", "U" * 26, "0" * 25, "%2e%2e%2fetc", "0" * 26 + "/"])
def test_malformed_address_is_explained(client: Client, text: str) -> None:
    response = client.get(f"/n/{text}")
    assert response.status_code == 404
    assert "Alamat tiket tidak lengkap" in response.content.decode()
    assert not response.cookies


@pytest.mark.parametrize("method", ["put", "delete", "patch", "options"])
def test_pages_refuse_other_methods(client: Client, method: str) -> None:
    for name in PAGES:
        assert getattr(client, method)(reverse(name)).status_code == 405


def test_form_without_ticket_leads_to_typing(client: Client) -> None:
    for response in (client.get("/n"), client.post("/n", {"overall": "4"})):
        assert (response.status_code, response["Location"]) == (303, "/n/ketik")


@pytest.mark.parametrize("value", ["", "x", "00:forged", "00" * 32])
def test_form_refuses_forged_ticket(client: Client, value: str) -> None:
    client.cookies["tiket"] = value
    assert client.get("/n")["Location"] == "/n/ketik"


def test_forms_refuse_other_sites(client: Client, office: Office) -> None:
    opened(client, office.token())
    for site in ("cross-site", "same-site"):
        assert client.post("/n", {"overall": "4"}, headers={"sec-fetch-site": site}).status_code == 403
    assert StagedRating.objects.count() == 0
    assert client.post("/n", {"overall": "4"}, headers={"sec-fetch-site": "same-origin"}).status_code == 303


def test_nothing_chosen_returns_the_page_with_a_linked_summary(client: Client, office: Office) -> None:
    response = opened(client, office.token()).post("/n", {"perilaku": "1"})
    html = response.content.decode()
    assert response.status_code == 422
    assert re.search(r"<a href=\"#id_overall_0\">[^<]*Pilih satu jawaban", html)
    assert re.search(r'id="id_perilaku_0"\s+value="1"\s+checked', html)
    assert html.count("checked") == 1
    assert Ticket.objects.get().spent_on is None


@pytest.mark.parametrize("value", ["0", "5", "-1", "abc", "4.5", "1' OR '1'='1"])
def test_form_refuses_values_outside_the_scale(client: Client, office: Office, value: str) -> None:
    opened(client, office.token())
    for data in ({"overall": value}, {"overall": "4", "kompetensi": value}):
        assert client.post("/n", data).status_code == 422
    assert StagedRating.objects.count() == 0


@pytest.mark.parametrize("path", ["/n/lanjut", "/n/pesan"])
def test_later_page_without_key_is_closed(client: Client, path: str) -> None:
    for response, status in ((client.get(path), 200), (client.post(path, {"waktu": "1"}), 410)):
        assert response.status_code == status
        assert "sudah ditutup" in response.content.decode()


def test_later_pages_refuse_after_half_an_hour(client: Client, office: Office) -> None:
    opened(client, office.token()).post("/n", {"overall": "2"})
    with clock.at(clock.now() + timedelta(minutes=31)):
        assert client.post("/n/lanjut", {"waktu": "1"}).status_code == 410
        assert client.post("/n/pesan", {"comment": "terlambat"}).status_code == 410
    assert StagedRating.objects.get().waktu is None
    assert StagedComment.objects.count() == 0


def test_later_pages_refuse_endless_comment(client: Client, office: Office) -> None:
    opened(client, office.token()).post("/n", {"overall": "2"})
    for path, rest in (("/n/pesan", {}), ("/n/lengkap", {"overall": "1"})):
        response = client.post(path, {**rest, "comment": "a" * 1001})
        assert response.status_code == 422
        assert 'href="#id_comment"' in response.content.decode()


@pytest.mark.parametrize(
    "data",
    [{}, {"number": "123", "code": "ABCDEFGH"}, {"number": "1234567", "code": "A"}, {"number": "abc", "code": ""}],
)
def test_typing_refuses_what_cannot_be(client: Client, data: dict[str, str]) -> None:
    response = client.post("/n/ketik", data)
    assert response.status_code == 422
    assert 'role="alert"' in response.content.decode()
    assert not response.cookies


def test_typing_says_the_same_for_wrong_code_and_unknown_number(client: Client, office: Office) -> None:
    issued = issue_ticket(event=office.event(), by="test", printed=True)
    other = "9999999" if issued.typed_number != "9999999" else "9999998"
    wrong = client.post("/n/ketik", {"number": issued.typed_number, "code": "00000000"})
    unknown = client.post("/n/ketik", {"number": other, "code": "00000000"})
    assert wrong.status_code == unknown.status_code == 422
    assert wrong.content.decode().replace(issued.typed_number, other) == unknown.content.decode()


def test_typing_locks_after_five_tries_known_or_not_and_leaves_the_qr(client: Client, office: Office) -> None:
    issued = issue_ticket(event=office.event(), by="test", printed=True)
    other = "9999999" if issued.typed_number != "9999999" else "9999998"
    for number in (issued.typed_number, other):
        for _ in range(5):
            assert client.post("/n/ketik", {"number": number, "code": "00000000"}).status_code == 422
        assert client.post("/n/ketik", {"number": number, "code": issued.typed_code}).status_code == 429
    ticket = Ticket.objects.get()
    assert (ticket.typed_tries, ticket.typed_locked_until) == (5, clock.now() + timedelta(hours=1))
    assert opened(client, tokens.decode(issued.token)).get("/n").status_code == 200
    with clock.at(clock.now() + timedelta(minutes=61)):
        assert client.post("/n/ketik", {"number": issued.typed_number, "code": issued.typed_code}).status_code == 303


def test_typing_is_limited_for_all_numbers_together(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("teladan.feedback.rules.TYPED_PER_MINUTE", 2)
    monkeypatch.setattr("teladan.feedback.actions.tickets.code_matches", lambda *_: False)
    codes = [client.post("/n/ketik", {"number": str(1234567 + i), "code": "00000000"}).status_code for i in range(3)]
    assert codes == [422, 422, 429]


# --- opening spends nothing (LOG-11) ---------------------------------------------------------------------------------


def test_a_thousand_openings_spend_nothing(client: Client, office: Office) -> None:
    token = office.token()
    before = Ticket.objects.values().get()
    address = reverse("ticket-open", args=[tokens.encode(token)])
    for i in range(1000):
        headers = {"sec-purpose": "prefetch"} if i % 3 == 0 else {"user-agent": "WhatsApp/2.0"}
        assert (client.head if i % 2 else client.get)(address, headers=headers).status_code == 303
    assert client.get("/n").status_code == 200
    assert Ticket.objects.values().get() == before
    assert StagedRating.objects.count() == 0


def test_opening_asks_the_database_nothing(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        opened(client, bytes(16))
    client.get("/n")  # the month's rules are remembered for a minute
    with django_assert_num_queries(0):
        client.get("/n")


def test_casting_is_one_statement(client: Client, office: Office, django_assert_num_queries: Any) -> None:
    opened(client, office.token()).get("/n")
    with django_assert_num_queries(1):
        client.post("/n", {"overall": "4"})
    with django_assert_num_queries(0):
        client.get("/n/lanjut")
    with django_assert_num_queries(1):
        client.post("/n/lanjut", {"waktu": "3"})
    with django_assert_num_queries(0):
        client.get("/n/pesan")
    with django_assert_num_queries(3):  # add, read, finish
        client.post("/n/pesan", {"comment": "Cepat"})
    with django_assert_num_queries(1):
        client.get("/n/selesai")


def test_official_form_asks_for_the_ticket_and_casts_and_finishes_in_five_statements(
    client: Client, office: Office, django_assert_num_queries: Any
) -> None:
    """What is not known beforehand is only the service's fee; the profile travels apart from the rating."""
    opened(client, office.token()).get("/n")
    with django_assert_num_queries(1):
        client.get("/n/lengkap")
    with django_assert_num_queries(6):
        client.post("/n/lengkap", {"overall": "4", "waktu": "3", "sex": "P"})


# --- the path --------------------------------------------------------------------------------------------------------


def test_citizen_rates_from_link_to_thanks(client: Client, office: Office) -> None:
    opened(client, office.token())
    cast = client.post("/n", {"overall": "1", "kompetensi": "2", "perilaku": "4"})
    assert (cast.status_code, cast["Location"]) == (303, "/n/lanjut")
    more = client.get("/n/lanjut").content.decode()
    assert more.count("<fieldset") == 6
    assert "biaya" not in more
    added = client.post("/n/lanjut", {"waktu": "1", "sarana": "2"})
    assert (added.status_code, added["Location"]) == (303, "/n/pesan")
    done = client.post("/n/pesan", {"comment": "Antre lama"})
    assert (done.status_code, done["Location"]) == (303, "/n/selesai")
    assert client.get("/n/selesai").status_code == 200
    rating = StagedRating.objects.get()
    assert (rating.overall, rating.kompetensi, rating.perilaku, rating.waktu, rating.sarana) == (1, 2, 4, 1, 2)
    assert StagedComment.objects.get().text == "Antre lama"


@pytest.mark.parametrize("outcome", ["granted", "refused", "incomplete"])
def test_every_end_point_is_rated_alike_and_the_page_says_so(client: Client, office: Office, outcome: str) -> None:
    opened(client, office.token(outcome=outcome))
    assert (
        "Permohonan ditolak atau berkas belum lengkap? Penilaian Anda dihitung sama."
        in client.get("/n").content.decode()
    )
    client.post("/n", {"overall": "1"})
    more = client.get("/n/lanjut").content.decode()
    assert "Belum ada hasilnya? Lewati saja." in more
    assert StagedRating.objects.get().overall == 1


def test_each_page_can_be_the_last(client: Client, office: Office) -> None:
    seen: list[Any] = []
    for steps, kept in ((1, (2, None, 0)), (2, (2, 3, 0)), (3, (2, 3, 1))):
        citizen = opened(Client(), office.token())
        posts = [("/n", {"overall": "2"}), ("/n/lanjut", {"waktu": "3"}), ("/n/pesan", {"comment": "Terang"})]
        for path, data in posts[:steps]:
            assert citizen.post(path, data).status_code == 303
        rating = StagedRating.objects.exclude(pk__in=seen).get()
        comments = StagedComment.objects.filter(rating=rating).count()
        assert (rating.overall, rating.waktu, comments) == kept
        seen.append(rating.pk)


def test_official_form_stores_all_and_refuses_cost_of_a_free_service(client: Client, office: Office) -> None:
    everything = {"overall": "3", **dict.fromkeys(ELEMENTS, "2"), "comment": "Terang", "job": "swasta"}
    for service, asks_cost in ((office.paid, True), (office.service, False)):
        opened(client, office.token(service=service))
        assert ('name="biaya"' in client.get("/n/lengkap").content.decode()) is asks_cost
        for _ in range(2):  # sent twice, counted once
            assert client.post("/n/lengkap", everything)["Location"] == "/n/selesai"
        rating = StagedRating.objects.get(service=service)
        assert [getattr(rating, name) for name in ELEMENTS if name != "biaya"] == [2] * 8
        assert rating.biaya == (2 if asks_cost else None)
        assert StagedComment.objects.get(rating=rating).text == "Terang"
    assert WaitingProfile.objects.count() == StagedRating.objects.count() == 2


def test_official_form_needs_a_ticket_and_the_first_answer(client: Client, office: Office) -> None:
    for response in (client.get("/n/lengkap"), client.post("/n/lengkap", {"overall": "4"})):
        assert (response.status_code, response["Location"]) == (303, "/n/ketik")
    response = opened(client, office.token()).post("/n/lengkap", {"waktu": "1", "age": "25-34"})
    html = response.content.decode()
    assert response.status_code == 422
    assert re.search(r"<a href=\"#id_overall_0\">[^<]*Pilih satu jawaban", html)
    assert '<option value="25-34" selected>' in html
    assert html.count("checked") == 1
    assert StagedRating.objects.count() == 0


def test_used_and_expired_tickets_of_a_paid_service_are_asked_the_same(office: Office) -> None:
    """What a page asks must not depend on whether the ticket can still be used."""
    met = (clock.now(), clock.now(), clock.now() - timedelta(days=12))
    fresh, used, old = (office.token(at, service=office.paid) for at in met)
    Ticket.objects.filter(token_hash=tokens.token_hash(old)).update(expires_on=clock.today() - timedelta(days=1))
    opened(Client(), used).post("/n", {"overall": "4"})
    seen = set()
    for token in (fresh, used, old):
        client = opened(Client(), token)
        official = client.get("/n/lengkap").content
        client.post("/n", {"overall": "3"})
        seen.add((official, client.get("/n/lanjut").content))
    assert len(seen) == 1
    assert all(b'name="biaya"' in page for page in seen.pop())


def test_official_form_sent_again_is_answered_alike_and_with_other_answers_refused(
    client: Client, office: Office
) -> None:
    for token in (office.token(), bytes(16)):
        opened(client, token)
        form = {"overall": "3", "waktu": "2", "sex": "P"}
        assert [client.post("/n/lengkap", form).status_code for _ in range(3)] == [303] * 3
        for other in ({"waktu": "4"}, {"produk": "1"}, {"overall": "4"}):
            assert client.post("/n/lengkap", {**form, **other}).status_code == 409, other
    rating = StagedRating.objects.get()
    assert (rating.overall, rating.waktu, rating.produk) == (3, 2, None)


def test_profile_may_follow_a_rating_given_on_the_short_form(client: Client, office: Office) -> None:
    opened(client, office.token()).post("/n", {"overall": "1"})
    client.post("/n/lengkap", {"overall": "4", "waktu": "2", "sex": "L"})
    rating = StagedRating.objects.get()
    assert (rating.overall, rating.waktu) == (1, 2)
    assert WaitingProfile.objects.get().sex == "L"


def test_paid_service_asks_for_cost(client: Client, office: Office) -> None:
    opened(client, office.token(service=office.paid)).post("/n", {"overall": "3"})
    more = client.get("/n/lanjut").content.decode()
    assert more.count("<fieldset") == 7
    assert 'name="biaya"' in more


def test_typed_ticket_walks_the_same_path(client: Client, office: Office) -> None:
    issued = issue_ticket(event=office.event(), by="test", printed=True)
    number = f"{issued.typed_number[:4]} {issued.typed_number[4:]}"
    response = client.post("/n/ketik", {"number": number, "code": issued.typed_code.lower()})
    assert (response.status_code, response["Location"]) == (303, "/n")
    client.post("/n", {"overall": "1"})
    assert StagedRating.objects.get().overall == 1


def test_used_and_expired_typed_tickets_walk_it_too(office: Office) -> None:
    fresh, used, old = (issue_ticket(event=office.event(), by="test", printed=True) for _ in range(3))
    Ticket.objects.filter(pk=old.ticket.pk).update(expires_on=clock.today() - timedelta(days=1))
    opened(Client(), tokens.decode(used.token)).post("/n", {"overall": "4"})
    seen = set()
    for one in (fresh, used, old):
        client = Client()
        typed = client.post("/n/ketik", {"number": one.typed_number, "code": one.typed_code})
        cast = client.post("/n", {"overall": "1"})
        seen.add(
            (typed.status_code, typed["Location"], cast.status_code, cast["Location"], client.get("/n/lanjut").content)
        )
    assert len(seen) == 1
    assert sorted(StagedRating.objects.values_list("overall", flat=True)) == [1, 4]


def test_resent_form_keeps_the_way_to_the_rating(client: Client, office: Office) -> None:
    opened(client, office.token())
    for _ in range(3):
        client.post("/n", {"overall": "2"})
    client.post("/n/lanjut", {"produk": "1"})
    rating = StagedRating.objects.get()
    assert (rating.overall, rating.produk) == (2, 1)


def without_numbers(response: Any) -> str:
    """The page without what a receipt draws by lot, of which only the length is left, and without the slip's own month."""
    text = f"{response.get('Content-Disposition', '')}\n{response.content.decode()}"
    text = text.replace('"month":"2026-09"', '"month":"2026-10"')
    text = re.sub(r"[0-9a-f]{64}|[0-9A-Za-z+/]{43}=|[0-9A-Za-z+/]{90,}=*", lambda found: "#" * len(found[0]), text)
    return re.sub(r"([0-9A-Z]{4}-){4}[0-9A-Z]{4}", "CODE", text, flags=re.IGNORECASE)


def test_used_expired_and_unknown_tickets_look_like_a_fresh_one(client: Client, office: Office) -> None:
    fresh, used, old = office.token(), office.token(), office.token(clock.now() - timedelta(days=20))
    opened(Client(), used).post("/n", {"overall": "4"})
    seen = []
    for token in (fresh, used, old, bytes(16)):
        one = Client()
        answers = [
            one.get(reverse("ticket-open", args=[tokens.encode(token)])),
            one.get("/n"),
            one.get("/n/lengkap"),
            one.post("/n", {"overall": "3"}),
            one.get("/n/lanjut"),
            one.post("/n", {"overall": "1"}),
            one.get("/n/selesai"),
            one.get("/n/tanda-terima.txt"),
            one.post("/n/lanjut", {"waktu": "2"}),
            one.post("/n/pesan", {"comment": "halo"}),
            one.get("/n/selesai"),
            one.get("/n/tanda-terima.txt"),
            one.post("/n/pesan", {"comment": "lagi"}),
            one.post("/n/lanjut", {"waktu": "3"}),
            one.post("/n/lengkap", {"overall": "3", "sex": "P", "comment": "halo"}),
            one.post("/n/lengkap", {}),
        ]
        headers = [sorted(k for k in a.headers) for a in answers]
        sizes = [{name: len(c.value) for name, c in a.cookies.items()} for a in answers]
        seen.append(([(a.status_code, a.get("Location"), without_numbers(a)) for a in answers], headers, sizes))
    for one in seen[1:]:
        for step, (fresh_answer, answer) in enumerate(zip(seen[0][0], one[0], strict=True)):
            assert answer[2].splitlines() == fresh_answer[2].splitlines(), step
            assert answer == fresh_answer, step
        assert one == seen[0]
    assert StagedRating.objects.count() == 2


def test_page_two_of_used_ticket_stores_nothing(client: Client, office: Office) -> None:
    token = office.token()
    opened(Client(), token).post("/n", {"overall": "1"})
    opened(client, token).post("/n", {"overall": "4"})
    assert client.post("/n/lanjut", {"waktu": "4"}).status_code == 303
    assert client.post("/n/pesan", {"comment": "curang"}).status_code == 303
    assert client.post("/n/lengkap", {"overall": "4", "waktu": "4", "sex": "P"}).status_code == 303
    rating = StagedRating.objects.get()
    assert (rating.overall, rating.waktu) == (1, None)
    assert StagedComment.objects.count() == 0


def test_pages_speak_english_by_link_and_remember(client: Client) -> None:
    opened(client, bytes(16))
    first = client.get("/n", {"bahasa": "en"})
    assert 'lang="en"' in first.content.decode()
    assert "How was the service you received?" in first.content.decode()
    assert first["Content-Language"] == "en"
    assert "How polite and friendly" in client.get("/n").content.decode()
    assert "Bagaimana layanan" in client.get("/n", {"bahasa": "id"}).content.decode()


def test_pages_speak_minangkabau_by_link_and_remember(client: Client) -> None:
    opened(client, bytes(16))
    first = client.get("/n", {"bahasa": "min"})
    assert first["Content-Language"] == "min"
    assert "Baa layanan nan Sanak tarimo?" in first.content.decode()
    refused = client.post("/n", {}).content.decode()
    assert "Piliah ciek jawaban" in refused
    assert 'lang="min"' in refused


def test_browser_language_is_only_a_suggestion(client: Client) -> None:
    opened(client, bytes(16))
    assert "How was" in client.get("/n", headers={"accept-language": "en-GB,en"}).content.decode()
    assert "Bagaimana" in client.get("/n", headers={"accept-language": "fr"}).content.decode()
    assert "Bagaimana" in client.get("/n").content.decode()


def test_who_reads_page_shows_the_table(client: Client) -> None:
    html = client.get("/n/siapa-membaca").content.decode()
    assert "ya, mulai 30 penilaian" in html
    assert html.count("ya, mulai 10 komentar") == 3
    assert "ya, sebelum yang lain" in html
    assert html.count("tidak</dd>") == 4
