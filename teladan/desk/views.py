"""The home page of everybody with an account; strangers are sent to the public site."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from teladan.core import clock
from teladan.desk.queries import desk_of
from teladan.people.models import User


@login_not_required
@require_safe
def desk_home(request: HttpRequest) -> HttpResponse:
    if not isinstance(request.user, User):
        return redirect("public-home")
    return render(request, "desk/desk_home.html", {"desk": desk_of(request.user), "day": clock.today()})
