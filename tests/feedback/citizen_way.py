"""The citizen's pages, opened with a ticket."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

from teladan.feedback import tokens

UNKNOWN = tokens.encode(bytes(16))


PAGES = ["rating-form", "rating-more", "rating-comment", "rating-official", "rating-typed", "rating-readers",
         "rating-done"]  # fmt: skip


def opened(client: Client, token: bytes) -> Client:
    response = client.get(reverse("ticket-open", args=[tokens.encode(token)]))
    assert (response.status_code, response["Location"]) == (303, "/n")
    return client
