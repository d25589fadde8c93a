"""What every page needs: names and navigation."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def page(request: HttpRequest) -> dict[str, Any]:
    return {"government": settings.GOVERNMENT_NAME}
