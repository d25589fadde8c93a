"""The component gallery: every component in every state, for developers and screenshot review."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from teladan.ui import gallery


@login_not_required
def gallery_page(request: HttpRequest) -> HttpResponse:
    if not (settings.DEBUG or settings.GALLERY):
        raise Http404
    return render(request, "ui/gallery.html", gallery.samples(request))
