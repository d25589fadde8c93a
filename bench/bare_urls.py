"""Two views: hello, and one row into the database. And the application that serves them."""

from __future__ import annotations

from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt


def hello(request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello, world")


@csrf_exempt
def insert(request: HttpRequest) -> HttpResponse:
    """Read the same form, insert one row, send on to the next page."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bench_row (overall, noted) VALUES (%s, %s)", [request.POST["overall"], request.POST["kunci"]]
        )
    return HttpResponse(status=303, headers={"Location": "/"})


urlpatterns = [path("", hello), path("insert", insert)]
application = get_wsgi_application()
