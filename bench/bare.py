"""Settings of the bare Django beside which the product is measured: no apps, no middleware, the same database and pool."""

from __future__ import annotations

from teladan.config import env
from teladan.config.database import database_settings

SECRET_KEY = env.text("TELADAN_SECRET_KEY")
ALLOWED_HOSTS = ["127.0.0.1"]
DATABASES = {"default": database_settings(env.data_folder())}
INSTALLED_APPS: list[str] = []
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "bench.bare_urls"
USE_TZ = True
