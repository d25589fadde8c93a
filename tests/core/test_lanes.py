"""Files to download wait their turn; citizens never do."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import Client, RequestFactory

from teladan.core import lanes

FILE = "/skm/DUKCAPIL/2026-T3/laporan.xlsx"


@pytest.fixture(autouse=True)
def lane(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lane of this test's own: elsewhere somebody may have asked for a stream and never read it."""
    monkeypatch.setattr(lanes, "_lane", threading.BoundedSemaphore(lanes.FILES_AT_ONCE))
    monkeypatch.setattr(lanes, "_turn", threading.BoundedSemaphore(1))
    monkeypatch.setattr(lanes, "_told_at", float("-inf"))
    monkeypatch.setattr(lanes, "_citizen_at", float("-inf"))


@pytest.fixture
def full() -> None:
    """All places taken, as by files that are being sent."""
    for _ in range(lanes.FILES_AT_ONCE):
        lanes._lane.acquire()


def ask(path: str, language: str = "id") -> HttpResponseBase:
    request = RequestFactory(headers={"accept-language": language}).get(path)
    return lanes.few_files_at_once(lambda _: HttpResponse("made"))(request)


def test_a_file_too_many_is_told_to_come_back(full: None) -> None:
    refused = ask(FILE)
    assert refused.status_code == 503
    assert refused["Retry-After"] == "5"
    assert "Penilaian warga didahulukan" in refused.content.decode()
    assert "Citizens" in ask(FILE, "en").content.decode()


def test_the_refusal_is_the_same_for_everybody_and_asks_no_database(full: None) -> None:
    """No database is allowed here: neither who asks nor whether there is such a file is looked up."""
    answers = [Client().get(path) for path in (FILE, "/skm/TIDAK-ADA/2026/jawaban.csv", "/publik/unit/X/data.csv")]
    assert {answer.status_code for answer in answers} == {503}
    assert len({answer.content for answer in answers}) == 1
    assert "default-src" in answers[0]["Content-Security-Policy"]


def test_refusals_are_said_once_a_minute_and_are_no_errors(full: None, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        for _ in range(5):
            assert Client().get(FILE).status_code == 503
    (told,) = caplog.records
    assert (told.name, told.levelname) == ("teladan.core.lanes", "WARNING")
    assert told.exc_info is None


@pytest.mark.parametrize("path", ["/n", "/n/lanjut", "/n/tanda-terima.txt", "/cek", "/tim", "/publik"])
def test_everything_else_goes_on_meanwhile(full: None, path: str) -> None:
    assert ask(path).status_code == 200


def test_one_file_is_made_at_a_time_and_one_more_waits_for_its_turn() -> None:
    begun, end = threading.Event(), threading.Event()
    making: list[int] = []

    def slow(request: HttpRequest) -> HttpResponse:
        making.append(len(making))
        begun.set()
        end.wait(10)
        return HttpResponse()

    with ThreadPoolExecutor() as pool:
        first = pool.submit(lanes.few_files_at_once(slow), RequestFactory().get(FILE))
        assert begun.wait(10)
        second = pool.submit(lanes.few_files_at_once(slow), RequestFactory().get(FILE))
        while lanes._lane.acquire(blocking=False):  # until the second has taken its place
            lanes._lane.release()
        assert making == [0]
        assert ask(FILE).status_code == 503
        end.set()
        assert [one.result(10).status_code for one in (first, second)] == [200, 200]
    assert [ask(FILE).status_code for _ in range(5)] == [200] * 5


def test_whoever_waited_long_enough_is_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "PATIENCE_SECONDS", 0.0)
    with lanes._turn:
        assert ask(FILE).status_code == 503
    assert [ask(FILE).status_code for _ in range(5)] == [200] * 5


def test_the_next_file_waits_where_a_citizen_rated_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []

    class Timer:
        def __init__(self, seconds: float, then: object) -> None:
            rests.append(seconds)

        def start(self) -> None:
            """Never ends."""

    def made(request: HttpRequest) -> HttpResponse:
        ask("/n")
        return HttpResponse()

    monkeypatch.setattr(lanes, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(threading, "Timer", Timer)
    assert ask(FILE).status_code == 200
    assert rests == []
    assert lanes.few_files_at_once(made)(RequestFactory().get(FILE)).status_code == 200
    assert len(rests) == 1
    assert 0 <= rests[0] <= lanes.REST_SECONDS < 2
    assert ask(FILE).status_code == 503
    assert ask("/n").status_code == 200


def test_a_view_that_fails_gives_its_place_back() -> None:
    def fails(request: HttpRequest) -> HttpResponse:
        raise RuntimeError

    for _ in range(lanes.FILES_AT_ONCE + 1):
        with pytest.raises(RuntimeError):
            lanes.few_files_at_once(fails)(RequestFactory().get(FILE))


@pytest.mark.django_db  # what has been sent lets go of its connection
def test_a_file_that_is_still_being_sent_keeps_its_place() -> None:
    def streams(request: HttpRequest) -> StreamingHttpResponse:
        return StreamingHttpResponse(iter(["a", "b"]))

    sent = [lanes.few_files_at_once(streams)(RequestFactory().get(FILE)) for _ in range(lanes.FILES_AT_ONCE)]
    assert ask(FILE).status_code == 503
    for response in sent:
        response.close()
    assert ask(FILE).status_code == 200
