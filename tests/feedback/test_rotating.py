"""Months that ask each citizen only some elements: the draw, what it hides, and an index that stays right."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from itertools import combinations
from statistics import mean, stdev
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from teladan.core import clock, policy
from teladan.feedback import kiosk_box, queries, questionnaire, rules, tokens
from teladan.feedback.actions import kiosks
from teladan.feedback.actions.casting import amend_rating, cast_rating
from teladan.feedback.actions.sealing import open_month, seal_month
from teladan.feedback.models import ELEMENTS, CollectionMonth, SealedRating, StagedRating
from teladan.feedback.questionnaire import Plan, UnknownPlan, plan_of, versions
from teladan.scoring.ikm import ikm
from tests import make
from tests.feedback.conftest import OCTOBER, Office, make_office
from tests.feedback.tablet import seal

OTHERS = versions()[0].second_page
ROTATING = Plan(versions()[0], 2)
NOVEMBER = date(2026, 11, 1)
Travel = Callable[[date], Any]


def rule(key: str, value: object, since: date) -> None:
    policy.load_pack(
        [{"key": key, "value": value, "valid_from": f"{since}", "legal_basis": "uji"}],
        by="test",
    )


@pytest.fixture
def rotating(db: None, october: Any) -> Office:
    """An office in a month that asks two of the other seven."""
    rule("collection.other_elements", 2, OCTOBER)
    return make_office()


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [0, 8, -1, "2", None, 2.5])
def test_plan_refuses_a_number_of_elements_that_cannot_be(value: object) -> None:
    with pytest.raises(UnknownPlan, match="1 sampai 7"):
        plan_of({"collection.other_elements": value}, OCTOBER)


def test_plan_refuses_an_unknown_questionnaire() -> None:
    with pytest.raises(UnknownPlan, match="'1999'; yang ada: 2025-1"):
        plan_of({"collection.questionnaire": "1999"}, OCTOBER)


@pytest.mark.django_db
def test_month_is_not_opened_with_an_unknown_questionnaire() -> None:
    rule("collection.questionnaire", "1999", NOVEMBER)
    with pytest.raises(UnknownPlan):
        open_month(NOVEMBER)
    assert CollectionMonth.objects.count() == 0


def test_elements_not_drawn_are_not_stored(client: Client, rotating: Office) -> None:
    """Who answers more than asked would count more than others."""
    token = rotating.token(service=rotating.paid)
    client.get(f"/n/{tokens.encode(token)}")
    client.post("/n", {"overall": "3"})
    client.post("/n/lanjut", dict.fromkeys(ELEMENTS, "1"))
    client.post("/n/lengkap", {"overall": "3", **dict.fromkeys(OTHERS, "1")})
    rating = StagedRating.objects.get()
    answered = {name for name in OTHERS if getattr(rating, name)}
    assert answered == set(ROTATING.second_page(order=tokens.order_of(token), asks_cost=True))
    assert len(answered) == 2


def test_amending_past_the_pages_stores_no_other_element(rotating: Office) -> None:
    cast = cast_rating(
        token_hash=tokens.token_hash(rotating.token(service=rotating.paid)), answers={"overall": 3}, order=0
    )
    amend_rating(edit_key=cast.edit_key, answers=dict.fromkeys(ELEMENTS, 1))
    rating = StagedRating.objects.get()
    assert {name for name in OTHERS if getattr(rating, name)} == set(rules.drawn(OTHERS, order=0, count=2))


# --- the draw --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", range(1, 8))
def test_every_set_is_drawn_equally_often(count: int) -> None:
    found = Counter(rules.drawn(OTHERS, order=order, count=count) for order in range(rules.ORDERS))
    assert set(found) == set(combinations(OTHERS, count))
    assert set(found.values()) == {rules.ORDERS // math.comb(7, count)}


def test_orders_of_tokens_are_even() -> None:
    """Chi-squared over the 21 pairs of 21,000 tokens: 20 degrees of freedom, 99.99 % below 52."""
    drawn = Counter(
        rules.drawn(OTHERS, order=tokens.order_of(number.to_bytes(16, "big")), count=2) for number in range(21_000)
    )
    assert len(drawn) == 21
    assert sum((count - 1000) ** 2 / 1000 for count in drawn.values()) < 52


def test_what_is_stored_does_not_lead_to_the_draw() -> None:
    """The hash of the ticket, hashed like a token, agrees with the draw no more often than chance: 1 in 21."""
    same = 0
    for number in range(2100):
        token = number.to_bytes(16, "big")
        guess = rules.drawn(OTHERS, order=tokens.order_of(tokens.token_hash(token)), count=2)
        same += guess == rules.drawn(OTHERS, order=tokens.order_of(token), count=2)
    assert 60 <= same <= 145


def test_cost_of_a_free_service_is_drawn_but_not_asked() -> None:
    for order in range(0, rules.ORDERS, 7):
        paid = ROTATING.second_page(order=order, asks_cost=True)
        free = ROTATING.second_page(order=order, asks_cost=False)
        assert len(paid) == 2
        assert free == tuple(name for name in paid if name != "biaya")


def test_pages_ask_what_the_ticket_drew_and_reload_asks_the_same(client: Client, rotating: Office) -> None:
    token = rotating.token(service=rotating.paid)
    drawn = ROTATING.second_page(order=tokens.order_of(token), asks_cost=True)
    client.get(f"/n/{tokens.encode(token)}")
    official = client.get("/n/lengkap").content.decode()
    client.post("/n", {"overall": "3"})
    for html, extra in (
        (official, 3),
        (client.get("/n/lanjut").content.decode(), 0),
        (client.get("/n/lanjut").content.decode(), 0),
    ):
        assert {name for name in OTHERS if f'name="{name}"' in html} == set(drawn)
        assert html.count('class="scale"') == 2 + extra


def test_typed_ticket_draws_from_what_was_typed(client: Client, rotating: Office) -> None:
    from teladan.feedback.actions.tickets import issue_ticket

    issued = issue_ticket(event=rotating.event(service=rotating.paid), by="test", printed=True)
    client.post("/n/ketik", {"number": issued.typed_number, "code": issued.typed_code})
    client.post("/n", {"overall": "3"})
    order = tokens.order_of(f"{issued.typed_number}{issued.typed_code}".encode())
    html = client.get("/n/lanjut").content.decode()
    assert {name for name in OTHERS if f'name="{name}"' in html} == set(
        ROTATING.second_page(order=order, asks_cost=True)
    )


def test_a_kiosk_stores_what_the_ticket_draws_and_not_its_hash(rotating: Office) -> None:
    """A tablet that kept its page from another month asks everything; which answers stay must lead to no ticket."""
    keeper = make.make_user(role="operator", unit=rotating.unit)
    kiosk = kiosks.create_kiosk(code="pintu", name="Pintu", unit=rotating.unit, by=keeper)
    for token in rotating.tokens(6, service=rotating.paid):
        content = {"token": tokens.encode(token), "answers": dict.fromkeys(("overall", *ELEMENTS), 2)}
        kiosks.receive(kiosk=kiosk, letters=[seal("pintu", kiosk_box.box_key(), content)], waiting=0)
        rating = StagedRating.objects.get()
        answered = {name for name in OTHERS if getattr(rating, name)}
        assert answered == set(ROTATING.second_page(order=tokens.order_of(token), asks_cost=True))
        rating.delete()


def test_a_page_with_nothing_left_to_ask_leads_on(client: Client, rotating: Office) -> None:
    rule("collection.other_elements", 1, date(2026, 10, 2))
    rule("collection.other_elements", 1, NOVEMBER)
    with clock.at(clock.local(date(2026, 11, 12), 9)):
        token = next(
            token
            for token in rotating.tokens(60)
            if rules.drawn(OTHERS, order=tokens.order_of(token), count=1) == ("biaya",)
        )
        client.get(f"/n/{tokens.encode(token)}")
        client.post("/n", {"overall": "4"})
        html = client.get("/n/lanjut").content.decode()
    assert "<form" not in html
    assert 'href="/n/pesan"' in html


# --- frozen when the month opens -------------------------------------------------------------------------------------


def test_ticket_is_asked_what_its_month_froze(client: Client, rotating: Office, travel: Travel) -> None:
    """October asks two, November asks all: a ticket of 31 October used in November is still asked two."""
    rule("collection.other_elements", 7, NOVEMBER)
    late = rotating.token(clock.local(date(2026, 10, 31), 9), service=rotating.paid)
    with travel(date(2026, 11, 3)):
        for token, asked in ((late, 2), (rotating.token(service=rotating.paid), 7)):
            browser = Client()
            browser.get(f"/n/{tokens.encode(token)}")
            assert browser.get("/n/lengkap").content.decode().count('class="scale"') == asked + 3
            browser.post("/n", {"overall": "3"})
            assert browser.get("/n/lanjut").content.decode().count('class="scale"') == asked


def test_rules_changed_after_opening_do_not_reach_the_month(rotating: Office) -> None:
    rotating.token()  # opens October
    rule("collection.other_elements", 5, date(2026, 10, 2))
    assert queries.plan_for(OCTOBER).others == 2


@pytest.fixture
def two_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second questionnaire from November on, with another first question."""
    from dataclasses import replace

    first = versions()[0]
    asked = {**first.questions, "overall": {"id": replace(first.question("overall", "id"), text="Versi baru?")}}
    second = replace(first, version="2026-2", valid_from=NOVEMBER, questions=asked)
    monkeypatch.setattr(questionnaire, "versions", lambda: (first, second))


@pytest.mark.usefixtures("two_versions", "october")
def test_first_page_speaks_the_version_of_the_tickets_month(
    office: Office, travel: Travel, django_assert_num_queries: Any
) -> None:
    rule("collection.questionnaire", "2026-2", NOVEMBER)
    old = office.token(clock.local(date(2026, 10, 31), 9))
    with travel(date(2026, 11, 3)):
        new = office.token()
        for token, is_new in ((old, False), (new, True), (bytes(16), True)):
            browser = Client()
            browser.get(f"/n/{tokens.encode(token)}")
            assert ("Versi baru?" in browser.get("/n").content.decode()) is is_new
            with django_assert_num_queries(1):  # only in these days is the ticket's month asked for
                browser.get("/n")
    with travel(date(2026, 11, 8)):
        browser.get("/n")
        with django_assert_num_queries(0):
            browser.get("/n")


# --- the index stays right -------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 50), max_size=12), st.fractions(0, 1))
def test_spread_gives_the_share_in_whole_numbers(counts: list[int], share: Fraction) -> None:
    found = rules.spread(counts, share=share)
    assert all(0 <= part <= count for part, count in zip(found, counts, strict=True))
    assert abs(sum(found) - sum(counts) * share) <= Fraction(1, 2)


@pytest.mark.django_db
def test_unasked_cost_counts_for_the_share_that_the_draw_would_ask(rotating: Office, travel: Travel) -> None:
    """14 citizens of a free service and 7 of a paid one, 2 of whom drew the question of cost and said 1. Everybody asked
    would give (14 x 4 + 7 x 1)/21 = 3; the drawn share (4 x 4 + 2 x 1)/6 = 3 too, and (14 x 4 + 2)/16 = 3.63 would be wrong."""
    rows = [SealedRating(service=rotating.service, overall=4, perilaku=4) for _ in range(14)]
    rows += [SealedRating(service=rotating.paid, overall=2, perilaku=3, biaya=1 if i < 2 else None) for i in range(7)]
    for row in rows:
        row.month, row.unit, row.channel = OCTOBER, rotating.unit, "loket"
    open_month(OCTOBER)
    with travel(date(2026, 11, 8)):
        seal_month(month=OCTOBER, by="test")
        SealedRating.objects.bulk_create(rows)
    found = {one.service_id: one for one in queries.unit_moments(OCTOBER)}
    for service, ratings, overall in (
        (None, 21, 14 * 4 + 7 * 2),
        (rotating.service.pk, 14, 56),
        (rotating.paid.pk, 7, 14),
    ):
        assert (found[service].ratings, found[service].overall_sum, found[service].overall_n) == (
            ratings,
            overall,
            ratings,
        )
    cost = next(one for one in ikm(found[None].rows).elements if one.element == "biaya")
    assert (cost.n, cost.mean) == (6, 3)
    said: Counter[int | None] = Counter()  # and the same in the raw answers of a longer period's report
    for one in queries.period_answers(rotating.unit.pk, [OCTOBER]):
        for pattern, count in one.patterns.items():
            said[pattern[ELEMENTS.index("biaya")]] += count
        assert one.supplied == (4 if one.service_id == rotating.service.pk else 0)
    assert (said[4], said[1], said.total()) == (4, 2, 21)


Answers = dict[str, int | None]


def citizen(chance: random.Random) -> tuple[bool, Answers]:
    """Paid or free, and what this citizen would say of everything. Answers of one citizen hang together."""
    is_paid = chance.random() < 0.4
    mood = chance.gauss(3.1 - 0.3 * is_paid, 0.6)
    said = {
        name: min(4, max(1, round(mood + 0.1 * place - 0.4 + chance.gauss(0, 0.5))))
        for place, name in enumerate(ELEMENTS)
    }
    return is_paid, {**said, "biaya": said["biaya"] if is_paid else 4}


def month_of_answers(people: list[tuple[bool, Answers]], plan: Plan, chance: random.Random) -> list[dict[str, object]]:
    """What the month would hold: staff elements of all, of the others what each ticket drew, cost of free services by share."""
    rows: list[dict[str, object]] = []
    free = rules.spread([1] * sum(not is_paid for is_paid, _ in people), share=plan.share)
    for is_paid, said in people:
        asked = {"kompetensi", "perilaku"} | set(
            plan.second_page(order=tokens.order_of(chance.randbytes(16)), asks_cost=is_paid)
        )
        row: dict[str, object] = {name: said[name] if name in asked else None for name in ELEMENTS}
        if not is_paid and free.pop():
            row["biaya"] = 4
        rows.append(row)
    return rows


def simulate(months: int, people: int) -> dict[int, list[tuple[float, float, float, float]]]:
    """Per number of asked elements: (index, low, high, index of everybody asked everything) of each month."""
    chance = random.Random(14)
    plans = {others: Plan(versions()[0], others) for others in (7, 2)}
    found: dict[int, list[tuple[float, float, float, float]]] = {others: [] for others in plans}
    for _ in range(months):
        crowd = [citizen(chance) for _ in range(people)]
        whole = ikm([said for _, said in crowd]).exact
        for others, plan in plans.items():
            index = ikm(month_of_answers(crowd, plan, chance))
            assert index.exact is not None
            assert whole is not None
            found[others].append((float(index.exact), index.low or 0, index.high or 0, float(whole)))
    return found


def test_index_of_drawn_elements_is_unbiased_and_its_interval_honest() -> None:
    """120 months of 120 citizens, 40 % of a paid service. The drawn index differs from that of everybody asked by nothing
    but chance, and its interval holds the truth about as often as it says; docs/rules tells what it costs in width."""
    found = simulate(120, 120)
    truth = mean(whole for *_, whole in found[7])
    off = [index - whole for index, _, _, whole in found[2]]
    assert abs(mean(off)) < 3 * stdev(off) / math.sqrt(len(off))
    for months in found.values():
        covered = mean(low <= truth <= high for _, low, high, _ in months)
        assert 0.87 <= covered <= 0.995
    wide, narrow = (mean(high - low for _, low, high, _ in found[others]) for others in (2, 7))
    assert 1.05 < wide / narrow < 1.6
