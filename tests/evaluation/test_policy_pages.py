"""The rules as pages: refusals, reading, proposing, the trial on the last closed month, adopting, withdrawing."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction
from django.test import Client

from teladan.core import clock, policy
from teladan.core.models import AuditEvent, PolicyRow
from teladan.evaluation.actions import closing, proposing
from teladan.evaluation.actions.proposing import ProposalRefused
from teladan.evaluation.models import PolicyProposal
from teladan.feedback.actions import sealing
from teladan.people.models import User
from tests import make
from tests.evaluation.small_city import City, everyone

if TYPE_CHECKING:
    pass
from tests.evaluation import rule_pages
from tests.evaluation.rule_pages import (
    BASIS,
    DECEMBER,
    JANUARY,
    KEY,
    MARCH,
    RULE,
    adopt,
    at,
    draft,
    typed,
    with_password,
)

pytestmark = pytest.mark.django_db

_now = rule_pages._now
bkpsdm = rule_pages.bkpsdm
closed = rule_pages.closed


# --- refusals --------------------------------------------------------------------------------------------------------


READING = ("/aturan", "/aturan/riwayat", "/aturan/paket.json", RULE, "/aturan/usulan/{id}")


WRITING = (
    f"{RULE}/usul",
    "/aturan/usulan/{id}/hitung",
    "/aturan/usulan/{id}/tetapkan",
    "/aturan/usulan/{id}/batal",
    f"{RULE}/tarik/2026-12",
)


@pytest.mark.parametrize("path", [*READING, *WRITING])
def test_rules_need_login(client: Client, bkpsdm: User, path: str) -> None:
    path = path.format(id=draft(bkpsdm).pk)
    response = client.post(path) if path in WRITING else client.get(path)
    assert response.status_code == 302
    assert "/akun/" in response.headers["Location"]


@pytest.mark.parametrize(
    "role", ["officer", "employee", "appraiser", "unit_head", "superior", "operator", "admin", "moderator"]
)
def test_rules_refuse_other_roles(bkpsdm: User, role: str) -> None:
    client, found = at(make.make_user(make.make_person(), role=role)), draft(bkpsdm)
    assert {client.get(path.format(id=found.pk)).status_code for path in READING} == {403}
    assert {client.post(path.format(id=found.pk)).status_code for path in WRITING} == {403}


@pytest.mark.parametrize("role", ["inspector", "committee", "mayor", "pyb"])
def test_readers_read_and_change_nothing(bkpsdm: User, role: str) -> None:
    client, found = at(make.make_user(make.make_person(), role=role)), draft(bkpsdm)
    for path in READING:
        response = client.get(path.format(id=found.pk))
        assert response.status_code == 200, path
        assert "<form" not in response.content.decode().split("<main")[-1].split("</main>")[0], path
    assert {client.post(path.format(id=found.pk), typed(password=make.PASSWORD)).status_code for path in WRITING} == {
        403
    }
    found.refresh_from_db()
    assert found.state == "draft"


def test_rules_are_not_changed_with_a_grant_for_one_unit() -> None:
    user = make.make_user(make.make_person(), role="bkpsdm", unit=make.make_unit("DUK"))
    client, found = at(user), draft(user)
    assert client.get("/aturan").status_code == 200
    assert {client.post(path.format(id=found.pk), typed()).status_code for path in WRITING} == {403}


def test_rules_refuse_the_wrong_method(bkpsdm: User) -> None:
    client, found = at(bkpsdm), draft(bkpsdm)
    assert {client.post(path.format(id=found.pk)).status_code for path in READING} == {405}
    assert {client.get(path.format(id=found.pk)).status_code for path in WRITING[1:]} == {405}


@pytest.mark.parametrize("path", ["/aturan/score.nothing", "/aturan/usulan/999999", "/aturan/score.nothing/usul"])
def test_rules_hide_what_is_not_there(bkpsdm: User, path: str) -> None:
    assert at(bkpsdm).get(path).status_code == 404


@pytest.mark.parametrize(
    "path", ["/aturan/score.nothing/tarik/2026-12", f"{RULE}/tarik/2026-13", "/aturan/usulan/999999/batal"]
)
def test_rules_hide_what_is_not_there_from_changes(bkpsdm: User, path: str) -> None:
    assert at(bkpsdm).post(path).status_code == 404


# --- reading ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", [1, 3])
@pytest.mark.parametrize(("path", "queries"), [("/aturan", 7), ("/aturan/riwayat", 5), (RULE, 8)])
def test_rules_cost_a_fixed_number_of_queries(
    bkpsdm: User, changes: int, path: str, queries: int, django_assert_num_queries: Any
) -> None:
    for month, value in ((DECEMBER, 40), (JANUARY, 50), (MARCH, 60))[:changes]:
        policy.change(key=KEY, value=value, valid_from=month, legal_basis=BASIS, reason="uji", by="uji")
        draft(bkpsdm, valid_from=month, state="adopted", adopted_at=clock.now(), adopted_by=bkpsdm)
    client = at(bkpsdm)
    with django_assert_num_queries(queries):
        assert client.get(path).status_code == 200


def test_rules_are_grouped_in_plain_words_with_their_basis(bkpsdm: User) -> None:
    text = at(bkpsdm).get("/aturan").content.decode()
    for words in ("Membuka angka", "10 penilaian", "Kompetensi pelaksana, Perilaku pelaksana", "Saluran layanan, Bulan",
                  "90%", "0,80", "3 bulan", "PermenPANRB 14/2017 (A mulai 88,31)", "sejak 1 Januari 2025"):  # fmt: skip
        assert words in text, words
    assert policy.version(clock.today()) in text


def test_a_decided_change_stands_beside_the_value_in_force(bkpsdm: User) -> None:
    policy.change(key=KEY, value=40, valid_from=JANUARY, legal_basis=BASIS, reason="uji", by="uji")
    for path in ("/aturan", RULE):
        text = at(bkpsdm).get(path).content.decode()
        assert "30 penilaian" in text
        assert "40 penilaian" in text
        assert "1 Januari 2027" in text
    history = at(bkpsdm).get("/aturan/riwayat").content.decode()
    assert policy.version(JANUARY) in history
    assert "akan berlaku" in history


def test_a_rule_from_elsewhere_is_shown_and_not_typed(bkpsdm: User) -> None:
    PolicyRow.objects.create(
        key="city.own", value=3, valid_from=date(2026, 1, 1), legal_basis=BASIS, description="Aturan kota"
    )
    assert "Aturan kota" in at(bkpsdm).get("/aturan").content.decode()
    for key in ("city.own", "evaluation.distribution"):
        assert "Usulkan perubahan" not in at(bkpsdm).get(f"/aturan/{key}").content.decode()
        assert at(bkpsdm).post(f"/aturan/{key}/usul", typed()).status_code == 302
    assert not PolicyProposal.objects.exists()


def test_pack_is_what_load_policy_reads(bkpsdm: User) -> None:
    policy.change(key=KEY, value=40, valid_from=JANUARY, legal_basis=BASIS, reason="uji", by="uji")
    pack = at(bkpsdm).get("/aturan/paket.json").json()
    assert [row["value"] for row in pack if row["key"] == KEY] == [30, 40]
    assert policy.load_pack(pack, by="uji") == 0


# --- proposing -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "sent", "field", "words"),
    [
        (KEY, {"value": ""}, "value", "Isi nilai barunya."),
        (KEY, {"value": "banyak"}, "value", "Tulis bilangan bulat"),
        (KEY, {"value": "40,5"}, "value", "Tulis bilangan bulat"),
        (KEY, {"value": "9999"}, "value", "Tulis bilangan dari 10 sampai 500."),
        (KEY, {"value": "-40"}, "value", "Tulis bilangan bulat"),
        (KEY, {"value": "30"}, "value", "sudah berlaku"),
        ("disclosure.k", {"value": "5"}, "value", "Tulis bilangan dari 10 sampai 100."),
        ("disclosure.k", {"value": "31"}, "value", "batas untuk menampilkan angka"),
        ("score.evaluation_reliability", {"value": "0,85"}, "value", "keandalan lebih rendah daripada evaluasi"),
        ("score.evaluation_reliability", {"value": "7"}, "value", "Tulis bilangan dari 0,5 sampai 0,99."),
        ("score.evaluation_reliability", {"value": "tinggi"}, "value", "misalnya 0,75"),
        ("award.q", {"value": "90%"}, "value", "Tulis bilangan dari 1 sampai 50."),
        ("score.elements", {"value": []}, "value", "Pilih paling sedikit satu."),
        ("score.covariates", {"value": ["sex"]}, "value", "tidak dikenal"),
        ("ikm.regime", {"value": "lama"}, "value", "tidak dikenal"),
        (KEY, {"valid_from": ""}, "valid_from", "Pilih bulannya."),
        (KEY, {"valid_from": "2026-11"}, "valid_from", "sudah dibuka"),
        (KEY, {"valid_from": "2026-10"}, "valid_from", "sudah dibuka"),
        (KEY, {"valid_from": "2026-12-15"}, "valid_from", "sudah dibuka"),
        (KEY, {"legal_basis": " "}, "legal_basis", "Tulis dasar hukumnya."),
        (KEY, {"reason": ""}, "reason", "Tulis alasan perubahan ini."),
    ],
)
def test_propose_names_what_is_wrong_and_loses_nothing(
    bkpsdm: User, key: str, sent: dict[str, Any], field: str, words: str
) -> None:
    response = at(bkpsdm).post(f"/aturan/{key}/usul", typed(**sent))
    text = response.content.decode()
    assert response.status_code == 422
    assert words in text
    assert f'href="#id_{field}' in text  # the summary leads to the field
    if field != "reason":
        assert "Supaya lebih andal." in text
    assert not PolicyProposal.objects.exists()


def test_propose_refuses_a_month_that_was_opened_early(bkpsdm: User) -> None:
    sealing.open_month(DECEMBER)
    assert at(bkpsdm).post(f"{RULE}/usul", typed()).status_code == 422
    assert at(bkpsdm).post(f"{RULE}/usul", typed(valid_from="2027-01")).status_code == 302


@pytest.mark.parametrize(
    ("key", "sent", "kept"),
    [
        (KEY, "40", 40),
        ("score.evaluation_reliability", "0,75", 0.75),
        ("score.evaluation_reliability", "0.75", 0.75),
        ("award.q", "15%", 0.15),
        ("award.min_punctuality", "92,5", 0.925),
        ("score.elements", ["waktu", "kompetensi"], ["kompetensi", "waktu"]),
        ("score.covariates", ["pattern", "channel"], ["channel", "pattern"]),
        ("score.covariates", [], []),
        ("ikm.regime", "kepmenpan-25-2004", "kepmenpan-25-2004"),
    ],
)
def test_propose_keeps_the_value_with_its_type(bkpsdm: User, key: str, sent: Any, kept: object) -> None:
    response = at(bkpsdm).post(f"/aturan/{key}/usul", typed(value=sent))
    found = PolicyProposal.objects.get()
    assert response.headers["Location"] == f"/aturan/usulan/{found.pk}"
    assert (found.value, found.valid_from, found.state, found.proposed_by) == (kept, DECEMBER, "draft", bkpsdm)
    assert AuditEvent.objects.get(event="policy.proposed").subject == f"policy:{key}"
    assert not PolicyRow.objects.filter(valid_from=DECEMBER).exists()


def test_a_second_proposal_waits_for_the_first(bkpsdm: User) -> None:
    first = draft(bkpsdm)
    assert at(bkpsdm).get(f"{RULE}/usul").status_code == 302
    with pytest.raises(ProposalRefused, match="Sudah ada usulan"):
        proposing.propose(key=KEY, value=50, valid_from=DECEMBER, legal_basis=BASIS, reason="uji", by=bkpsdm)
    assert list(PolicyProposal.objects.all()) == [first]


# --- adopting --------------------------------------------------------------------------------------------------------


def test_adopt_refuses_the_wrong_password(bkpsdm: User) -> None:
    proposal = draft(bkpsdm)
    response = adopt(bkpsdm, proposal, "salah")
    assert response.status_code == 422
    assert "Belum ada yang ditetapkan" in response.content.decode()
    assert policy.get(KEY, DECEMBER) == 30


def test_adopt_refuses_before_the_trial_and_after_another_closing(closed: City, bkpsdm: User) -> None:
    proposal = draft(bkpsdm)
    assert "Hitung dahulu" in adopt(bkpsdm, proposal).content.decode()
    proposing.try_on_last_month(proposal=proposal)
    closed.serve(date(2026, 11, 1), everyone(closed, 12))
    with clock.at(clock.local(date(2026, 12, 9), 9)):
        closing.close_month(month=date(2026, 11, 1), by="uji")
        assert adopt(bkpsdm, proposal).status_code == 422
    proposal.refresh_from_db()
    assert proposal.state == "draft"


def test_adopt_refuses_once_the_month_has_begun(bkpsdm: User) -> None:
    proposal = draft(bkpsdm)
    with clock.at(clock.local(DECEMBER, 0)):
        response = adopt(bkpsdm, proposal)
    assert response.status_code == 422
    assert "Paling awal Januari 2027" in response.content.decode()
    assert policy.get(KEY, DECEMBER) == 30


@pytest.mark.parametrize("state", ["adopted", "dropped"])
def test_adopt_refuses_what_is_decided(bkpsdm: User, state: str) -> None:
    adopted = {"adopted_at": clock.now(), "adopted_by": bkpsdm} if state == "adopted" else {}
    ended = {"ended_at": clock.now(), "ended_by": bkpsdm} if state == "dropped" else {}
    proposal = draft(bkpsdm, state=state, **adopted, **ended)
    for way in ("tetapkan", "batal", "hitung"):
        at(bkpsdm).post(f"/aturan/usulan/{proposal.pk}/{way}", {"password": make.PASSWORD})
    proposal.refresh_from_db()
    assert proposal.state == state
    assert policy.get(KEY, DECEMBER) == 30


def test_adopt_writes_row_state_and_audit_together(closed: City, bkpsdm: User) -> None:
    proposal = draft(bkpsdm)
    proposing.try_on_last_month(proposal=proposal)
    assert adopt(bkpsdm, proposal).headers["Location"] == RULE
    proposal.refresh_from_db()
    assert (proposal.state, proposal.adopted_by) == ("adopted", bkpsdm)
    assert policy.get(KEY, date(2026, 11, 30)) == 30
    row = PolicyRow.objects.get(key=KEY, valid_from=DECEMBER)
    assert (row.value, row.legal_basis, row.valid_until) == (40, BASIS, None)
    assert row.description
    event = AuditEvent.objects.get(event="policy.changed")
    assert (event.actor, event.reason) == (f"user:{bkpsdm.pk}", "uji")
    assert sealing.open_month(date(2026, 11, 1)).policy[KEY] == 30
    assert sealing.open_month(DECEMBER).policy[KEY] == 40


def test_adopt_is_all_or_nothing(bkpsdm: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**kw: Any) -> None:
        raise RuntimeError("audit is down")

    proposal = draft(bkpsdm)
    monkeypatch.setattr("teladan.core.policy.audit.record", broken)
    with pytest.raises(RuntimeError), transaction.atomic():
        proposing.adopt(proposal=proposal, by=bkpsdm)
    proposal.refresh_from_db()
    assert proposal.state == "draft"
    assert policy.get(KEY, DECEMBER) == 30


def test_drop_leaves_the_rules_alone(bkpsdm: User) -> None:
    proposal = draft(bkpsdm)
    assert at(bkpsdm).post(f"/aturan/usulan/{proposal.pk}/batal").status_code == 302
    proposal.refresh_from_db()
    assert (proposal.state, proposal.ended_by) == ("dropped", bkpsdm)
    assert AuditEvent.objects.filter(event="policy.proposal_dropped").exists()


# --- withdrawing -----------------------------------------------------------------------------------------------------


@pytest.fixture
def adopted(bkpsdm: User) -> PolicyProposal:
    proposal = draft(bkpsdm)
    proposing.adopt(proposal=proposal, by=bkpsdm)
    return proposal


def withdraw(user: User, **kw: Any) -> Any:
    with_password(user)
    return at(user).post(f"{RULE}/tarik/2026-12", {"password": make.PASSWORD, "reason": "keliru", **kw})


@pytest.mark.parametrize(
    ("sent", "words"), [({"password": "salah"}, "Belum ada yang ditarik"), ({"reason": ""}, "Tulis alasan menarik")]
)
def test_withdraw_refuses_without_password_and_reason(
    adopted: PolicyProposal, bkpsdm: User, sent: dict[str, str], words: str
) -> None:
    response = withdraw(bkpsdm, **sent)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert policy.get(KEY, DECEMBER) == 40


def test_withdraw_refuses_once_the_month_is_opened_or_has_begun(adopted: PolicyProposal, bkpsdm: User) -> None:
    with clock.at(clock.local(DECEMBER, 0)):
        assert withdraw(bkpsdm).status_code == 422
    sealing.open_month(DECEMBER)
    assert withdraw(bkpsdm).status_code == 422
    assert policy.get(KEY, DECEMBER) == 40


def test_withdraw_gives_back_the_old_value_and_is_remembered(adopted: PolicyProposal, bkpsdm: User) -> None:
    assert withdraw(bkpsdm).status_code == 302
    adopted.refresh_from_db()
    assert (adopted.state, adopted.end_reason, adopted.ended_by) == ("withdrawn", "keliru", bkpsdm)
    assert policy.get(KEY, DECEMBER) == 30
    assert AuditEvent.objects.get(event="policy.withdrawn").reason == "keliru"
    assert withdraw(bkpsdm).status_code == 422  # only once
    assert "Ditarik" in at(bkpsdm).get(RULE).content.decode()


def test_withdraw_refuses_what_would_break_another_rule(bkpsdm: User) -> None:
    for key, value in (("score.award_reliability", 0.9), ("score.evaluation_reliability", 0.85)):
        proposing.adopt(proposal=draft(bkpsdm, key=key, value=value), by=bkpsdm)
    with pytest.raises(ProposalRefused, match="Penghargaan tidak boleh"):
        proposing.withdraw(key="score.award_reliability", valid_from=DECEMBER, reason="uji", by=bkpsdm)
    proposing.withdraw(key="score.evaluation_reliability", valid_from=DECEMBER, reason="uji", by=bkpsdm)
