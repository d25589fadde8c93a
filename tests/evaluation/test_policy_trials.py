"""Trying a proposed rule on the last closed month, with the worker and in the browser."""

from __future__ import annotations

import contextvars
import threading
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from django.db import DatabaseError, connection, transaction

from teladan.core import clock, jobs, policy
from teladan.core.models import PolicyRow
from teladan.evaluation.actions import closing, proposing
from teladan.evaluation.actions.proposing import ProposalRefused
from teladan.evaluation.models import Closing, OfficerResult, PolicyProposal, Release, UnitResult
from teladan.evaluation.queries import inputs
from teladan.feedback.actions import sealing
from teladan.people.models import User
from tests import axe, make
from tests.evaluation.small_city import OCTOBER, City, everyone, make_city

if TYPE_CHECKING:
    from playwright.sync_api import Browser
from tests.evaluation import rule_pages
from tests.evaluation.rule_pages import BASIS, DECEMBER, JANUARY, KEY, MARCH, RULE, adopt, at, draft, typed

pytestmark = pytest.mark.django_db

_now = rule_pages._now
bkpsdm = rule_pages.bkpsdm
closed = rule_pages.closed


# --- trying ----------------------------------------------------------------------------------------------------------


def uses() -> dict[str, int]:
    return {
        use: OfficerResult.objects.filter(use=use).count() for use in ("hidden", "self_only", "evaluation", "award")
    }


def test_trial_counts_what_a_closing_under_that_rule_would_give(closed: City, bkpsdm: User) -> None:
    """Against the truth: the same month closed again with the rule frozen into it."""
    before = uses()
    found = proposing.try_on_last_month(proposal=draft(bkpsdm, value=40))
    assert found is not None
    month = sealing.open_month(OCTOBER)
    month.policy["score.evaluation_n"] = 40
    truth = closing.freeze(inputs.read(OCTOBER, changed={KEY: 40}))
    assert found["uses"] == {use: [before[use], truth.counts[use]] for use in before}
    assert found["lowered"] == 2  # 32 and 36 ratings
    assert found["raised"] == 0
    assert found["scores"] == {"compared": 10, "moved": 0}
    assert (found["month"], found["before"]) == ("2026-10", 30)


def test_trial_of_covariates_moves_scores_and_no_use(closed: City, bkpsdm: User) -> None:
    found = proposing.try_on_last_month(proposal=draft(bkpsdm, key="score.covariates", value=[]))
    assert found is not None
    assert found["scores"]["compared"] == 10


def test_trial_hides_a_unit_and_names_it(closed: City, bkpsdm: User) -> None:
    """300 ratings, 150 a service: the second unit has only 24, and is lost when 25 are needed."""
    small = make_city("KECIL", officers=2, services=1)
    small.serve(date(2026, 11, 1), everyone(small, 12))
    closed.serve(date(2026, 11, 1), everyone(closed, 12))
    with clock.at(clock.local(date(2026, 12, 9), 9)):
        closing.close_month(month=date(2026, 11, 1), by="uji")
        found = proposing.try_on_last_month(proposal=draft(bkpsdm, key="disclosure.k", value=25, valid_from=MARCH))
    assert found is not None
    assert found["units"] == {
        "before": 2,
        "after": 1,
        "lost": 1,
        "gained": 0,
        "hidden": ["Dinas Kecil"],
        "regraded": [],
    }
    assert found["services"]["lost"] == 1


def test_trial_compares_with_what_is_decided_for_that_day(closed: City, bkpsdm: User) -> None:
    """October froze 30; 40 is decided since. A proposal of 45 is compared with 40, and adopting asks for a new trial."""
    first = draft(bkpsdm, valid_from=MARCH, key="score.min_n", value=12)
    proposing.try_on_last_month(proposal=first)
    policy.change(key=KEY, value=40, valid_from=DECEMBER, legal_basis=BASIS, reason="uji", by="uji")
    found = proposing.try_on_last_month(proposal=draft(bkpsdm, value=45, valid_from=JANUARY))
    assert found is not None
    assert (found["before"], found["since"]) == (40, [KEY])
    assert found["lowered"] == 2  # 40 and 44 ratings
    with pytest.raises(ProposalRefused, match="Hitung dahulu"):
        proposing.adopt(proposal=first, by=bkpsdm)
    PolicyProposal.objects.filter(pk=first.pk).update(value=35)
    first.refresh_from_db()
    assert proposing.try_on_last_month(proposal=first) is not None  # 35 would not have fitted the 30 of October


def test_trial_writes_no_result(closed: City, bkpsdm: User) -> None:
    def state() -> list[Any]:
        models = (Closing, OfficerResult, UnitResult, Release, PolicyRow)
        return [list(model.objects.order_by("pk").values()) for model in models]

    before, proposal = state(), draft(bkpsdm)
    proposing.try_on_last_month(proposal=proposal)
    assert state() == before
    proposal.refresh_from_db()
    assert proposal.effect is not None
    assert proposal.closing == Closing.objects.get()


def test_trial_cannot_write(closed: City, bkpsdm: User) -> None:
    """The database itself refuses, whatever the code of the closing may do one day."""

    @transaction.atomic
    def careless() -> None:
        proposing._only_read()
        Release.objects.create(closing=Closing.objects.get(), kind="x", key="x", payload={})

    with pytest.raises(DatabaseError, match="read-only"):
        careless()
    draft(bkpsdm)  # afterwards writing is possible again


def test_effect_page_shows_counts_and_no_name(closed: City, bkpsdm: User) -> None:
    proposal = draft(bkpsdm)
    proposing.try_on_last_month(proposal=proposal)
    text = at(bkpsdm).get(f"/aturan/usulan/{proposal.pk}").content.decode()
    for words in ("Seandainya berlaku pada Oktober 2026", "0 petugas naik, 2 petugas turun", "0 dari 10 nilai"):
        assert words in text, words
    assert not [person.name for person in closed.officers if person.name in text]


def test_trial_before_the_first_closing_says_so_and_adoption_is_possible(bkpsdm: User) -> None:
    proposal = draft(bkpsdm)
    assert proposing.try_on_last_month(proposal=proposal) is None
    assert "Belum ada bulan yang ditutup" in at(bkpsdm).get(f"/aturan/usulan/{proposal.pk}").content.decode()
    assert adopt(bkpsdm, proposal).status_code == 302
    assert policy.get(KEY, DECEMBER) == 40


# --- with the worker -------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_proposal_is_tried_by_the_worker_with_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    city = make_city(officers=8, services=2)
    city.serve(OCTOBER, everyone(city, 12))
    closing.close_month(month=OCTOBER, by="uji")
    client = at(make.make_user(make.make_person(), role="bkpsdm", password=make.PASSWORD))
    run = proposing.run_trial

    def in_its_thread(*, proposal_id: int) -> None:
        run(proposal_id=proposal_id)
        connection.close()

    monkeypatch.setattr(proposing, "run_trial", in_its_thread)
    page = client.post(f"{RULE}/usul", typed()).headers["Location"]
    waiting = client.get(page).content.decode()
    assert "Menunggu giliran" in waiting
    assert '<meta http-equiv="refresh"' in waiting
    assert "HX-Refresh" not in client.get(page, headers={"HX-Request": "true"}).headers
    work()
    assert client.get(page, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    assert "Seandainya berlaku" in client.get(page).content.decode()
    response = client.post(f"{page}/tetapkan", {"password": make.PASSWORD})
    assert response.status_code == 302, response.content.decode().split("error-summary")[-1][:600]


def work() -> None:
    """One round of the worker, in a thread of its own as in life."""

    def run() -> None:
        jobs.run_waiting()
        connection.close()

    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,))
    thread.start()
    thread.join()


# --- in the browser --------------------------------------------------------------------------------------------------


@pytest.mark.journey
@pytest.mark.django_db(transaction=True)
def test_rules_are_clean_in_the_browser(live_server: Any, browser: Browser) -> None:
    city = make_city(officers=8, services=2)
    city.serve(OCTOBER, everyone(city, 12))
    closing.close_month(month=OCTOBER, by="uji")
    user = make.make_user(make.make_person(), role="bkpsdm")
    proposal = draft(user)
    proposing.try_on_last_month(proposal=proposal)
    policy.change(key="score.min_n", value=12, valid_from=JANUARY, legal_basis=BASIS, reason="uji", by="uji")
    untried = draft(user, key="award.q", value=0.1)
    context = browser.new_context(viewport={"width": 360, "height": 900}, locale="id-ID")
    context.add_cookies([{"name": "sessionid", "value": at(user).cookies["sessionid"].value, "url": live_server.url}])
    page = context.new_page()
    for path in ("/aturan", "/aturan/riwayat", "/aturan/score.min_n", "/aturan/score.elements/usul",
                 f"/aturan/usulan/{proposal.pk}", f"/aturan/usulan/{untried.pk}"):  # fmt: skip
        response = page.goto(live_server.url + path)
        assert response is not None
        assert response.status == 200, path
        for width in (360, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            assert axe.violations(page) == [], path
            assert axe.overflow(page) <= 0, path
    context.close()
