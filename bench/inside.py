"""The view that inserts one row, behind the very handler and middleware that the citizen's pages have."""

from __future__ import annotations

from django.conf import settings

import teladan.config.wsgi as wsgi

settings.ROOT_URLCONF = "bench.bare_urls"
application = wsgi.CitizenHandler()
