"""All settings, on one page. What each variable means stands in docs/settings.md."""

from __future__ import annotations

import secrets
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from teladan.config import env
from teladan.config.database import database_settings
from teladan.core.keyfile import own_secret

ROOT = Path(__file__).resolve().parent.parent
DATA_DIR = env.data_folder()

DEBUG = env.flag("TELADAN_DEBUG", False)
GALLERY = env.flag("TELADAN_GALLERY", DEBUG)


def _secret_key() -> str:
    """Given by the environment; otherwise made once and kept, readable by its owner only."""
    if value := env.text("TELADAN_SECRET_KEY", ""):
        return value
    return own_secret(DATA_DIR / "secret-key", lambda: secrets.token_urlsafe(50))


SECRET_KEY = _secret_key()
ALLOWED_HOSTS = env.words("TELADAN_HOSTS", "127.0.0.1,localhost,[::1]")
PUBLIC_ADDRESS = env.text("TELADAN_ADDRESS", "http://127.0.0.1:8000")
CSRF_TRUSTED_ORIGINS = [PUBLIC_ADDRESS] if PUBLIC_ADDRESS.startswith("https://") else []
GOVERNMENT_NAME = env.text("TELADAN_GOVERNMENT", "Kota Sawahlunto")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "teladan.ui",  # before allauth: our sign-in templates win
    "allauth",
    "allauth.account",
    "django_htmx",
    "template_partials",
    "procrastinate.contrib.django",
    "teladan.core",
    "teladan.ledger",
    "teladan.people",
    "teladan.services",
    "teladan.feedback",
    "teladan.complaints",
    "teladan.evaluation",
    "teladan.awards",
    "teladan.learning",
    "teladan.transparency",
    "teladan.desk",
    "teladan.demo",
    "teladan.config",
]
if find_spec("django_linear_migrations"):  # a tool of developers; the running product goes without
    INSTALLED_APPS.append("django_linear_migrations")

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "teladan.core.addresses.NullBytes",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "teladan.core.lanes.few_files_at_once",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
# The pages below /n know nothing of sessions and accounts (config/wsgi.py).
CITIZEN_MIDDLEWARE = [
    "teladan.feedback.views.doorway.strict_headers",
    "django.middleware.security.SecurityMiddleware",
    "teladan.core.lanes.few_files_at_once",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "teladan.config.urls"
WSGI_APPLICATION = "teladan.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "teladan.ui.context.page",
            ],
        },
    }
]
NAVIGATION = "teladan.desk.navigation.links"

DATABASES = {"default": database_settings(DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 15},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "desk-home"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "teladan.people.signin.Adapter"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
ACCOUNT_REAUTHENTICATION_REQUIRED = True

# Sessions and cookies. Behind TLS everything is Secure; the local demo has no TLS.
TLS = PUBLIC_ADDRESS.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = TLS
SESSION_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 60 * 60
LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = TLS and env.flag("TELADAN_SSL_REDIRECT", True)
SECURE_HSTS_SECONDS = 31_536_000 if TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = TLS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
if env.flag("TELADAN_BEHIND_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

LANGUAGE_CODE = "id"
LANGUAGES = [("id", _("Bahasa Indonesia")), ("en", _("English"))]
LOCALE_PATHS = [ROOT / "locale"]
TIME_ZONE = "Asia/Jakarta"
USE_I18N = USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": DATA_DIR / "media"}},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if not (DEBUG or env.flag("TELADAN_TESTING", False))
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_MAX_AGE = 31_536_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
MAX_IMPORT_BYTES = env.number("TELADAN_MAX_IMPORT_MB", 20) * 1_000_000


def _ledger_key() -> str:
    return env.text("TELADAN_LEDGER_KEY", "")


# The log. Its key is a function: the web process never calls it, so a file of the worker's need not be readable.
LEDGER_KEY = _ledger_key
LEDGER_ORIGIN = env.text(
    "TELADAN_LEDGER_ORIGIN", f"{urlsplit(PUBLIC_ADDRESS).hostname}/ledger" if TLS else "localhost/ledger"
)
LEDGER_TRUSTED_KEYS = env.words("TELADAN_LEDGER_TRUSTED_KEYS")
LEDGER_DIR = DATA_DIR / "ledger"
# Gateways for a ticket's link, as Apprise addresses with {address} in them; empty is off.
DELIVERY = {
    "whatsapp": env.text("TELADAN_DELIVERY_WHATSAPP", ""),
    "sms": env.text("TELADAN_DELIVERY_SMS", ""),
    "email": env.text("TELADAN_DELIVERY_EMAIL", ""),
}
PROMISE_KEY = env.text("TELADAN_PROMISE_KEY", "")
AUDITOR_KEYS = env.words("TELADAN_AUDITOR_KEYS")
OPENINGS_DIR = DATA_DIR / "openings"

PROCRASTINATE_ON_APP_READY = None
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "tasks"
PROCRASTINATE_IMPORT_PATHS: list[str] = []
PROCRASTINATE_DATABASE_ALIAS = "default"

EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"tokens": {"()": "teladan.core.redact.TokenFilter"}},
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["tokens"]}},
    "root": {"handlers": ["console"], "level": env.text("TELADAN_LOG_LEVEL", "WARNING")},
}
