"""Files to download wait their turn; citizens never do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import RequestFactory

from teladan.core import lanes

FILE = "/skm/DUKCAPIL/2026-T3/laporan.xlsx"


@pytest.fixture(autouse=True)
def lane(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lane of this test's own: elsewhere somebody may have asked for a stream and never read it."""
    monkeypatch.setattr(lanes, "_lane", threading.BoundedSemaphore(lanes.FILES_AT_ONCE))


@pytest.fixture
def busy() -> Iterator[threading.Event]:
    """As many files in the making as there may be; set the event to let them end."""
    begun, end = threading.Barrier(lanes.FILES_AT_ONCE + 1), threading.Event()

    def slow(request: HttpRequest) -> HttpResponse:
        begun.wait(10)
        end.wait(10)
        return HttpResponse()

    with ThreadPoolExecutor() as pool:
        for _ in range(lanes.FILES_AT_ONCE):
            pool.submit(lanes.few_files_at_once(slow), RequestFactory().get(FILE))
        begun.wait(10)
        yield end
        end.set()


def ask(path: str) -> HttpResponseBase:
    return lanes.few_files_at_once(lambda _: HttpResponse("made"))(RequestFactory().get(path))


def test_a_file_too_many_is_told_to_come_back(busy: threading.Event) -> None:
    refused = ask(FILE)
    assert refused.status_code == 503
    assert refused["Retry-After"] == "5"
    assert "Penilaian warga didahulukan" in refused.content.decode()


@pytest.mark.parametrize("path", ["/n", "/n/lanjut", "/n/tanda-terima.txt", "/cek", "/tim", "/publik"])
def test_everything_else_goes_on_meanwhile(busy: threading.Event, path: str) -> None:
    assert ask(path).status_code == 200


def test_a_file_is_made_again_when_the_others_are_done(busy: threading.Event) -> None:
    busy.set()
    for _ in range(200):
        if ask(FILE).status_code == 200:
            break
        threading.Event().wait(0.01)
    assert [ask(FILE).status_code for _ in range(5)] == [200] * 5


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
