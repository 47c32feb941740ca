"""The operator's settings, from the environment (`TWINSHELF_…`), and the Django settings made of them.

Everything has a default good for one machine: the first run makes a data directory with two SQLite files (the app's
and the engine's) and a key file. In production (`TWINSHELF_PRODUCTION=1`) the key must come from the environment or a
secret file, and its absence is an error.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

import fontpkg_source_sans_3
from django.core.exceptions import ImproperlyConfigured
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from twinshelf.kit.sqlite import wal


class Operator(BaseSettings):
    """What whoever runs the installation can set; each field is the environment variable `TWINSHELF_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="TWINSHELF_", secrets_dir=os.environ.get("TWINSHELF_SECRETS_DIR"))

    data: Path = Path("data")
    """Directory of the databases, the key file and uploaded files."""
    database_url: str = ""
    """`postgresql://user:password@host/name`; empty: SQLite files in the data directory."""
    production: bool = False
    key: str = ""
    """Secret to sign sessions and seal credentials with: at least 32 characters. Older ones follow after commas."""
    base_url: str = "http://127.0.0.1:8780"
    """Where people and webhooks reach this installation."""
    bigcommerce_api: str = "https://api.bigcommerce.com"
    bigcommerce_login: str = "https://login.bigcommerce.com"
    bigcommerce_panel: str = ""
    """Address of the stores' control panel, `{hash}` standing for the store's. Empty: what BigCommerce tells."""
    bigcommerce_app_id: str = "twinshelf"
    """Written into `external_source` of every order, as BigCommerce's app review demands."""
    bigcommerce_client_id: str = ""
    bigcommerce_client_secret: str = ""
    tiktok_api: str = "https://open-api.tiktokglobalshop.com"
    tiktok_auth: str = "https://auth.tiktok-shops.com"
    tiktok_services: str = ""
    """Host of the page where a seller authorizes the app. Empty: TikTok's own for the seller's market."""
    tiktok_seller_center: str = ""
    """Address of TikTok's product management, `{shop}` standing for the shop's id. Empty: Seller Center's own."""
    tiktok_app_key: str = ""
    tiktok_app_secret: str = ""
    tiktok_service_id: str = ""
    support: str = Field(default="", pattern=r"^(|[^@\s/]+@[^@\s/]+|https?://\S+)$")
    """Email address or page (`https://…`) that *Contact support* opens. Empty: there is no such button."""
    email_host: str = ""
    """Server that sends our email (SMTP). Empty: none is sent, and no link to reset a password is offered."""
    email_port: int = 587
    email_user: str = ""
    email_password: str = ""
    email_tls: bool = True
    """Encrypt the connection to it (STARTTLS)."""
    sign_up: Literal["first", "open", "closed"] = "first"
    """Who may make an account by themselves: `first`, only as long as there is none; `open`, anybody who reads an
    address; `closed`, nobody. Others are invited."""
    trusted_proxies: int = 0
    """How many proxies in front of us each add to `X-Forwarded-For`; 0: nobody's word on who is calling is taken."""
    fetch_allow: list[str] = Field(default_factory=list)
    """Hosts (`host:port`, exact) that images may be fetched from although they are not public. Empty by default."""
    worker_threads: int = 16
    """Lanes one worker process drains at once."""
    lease_seconds: float = Field(default=5.0, ge=1.0)
    """After how long without a sign of life a worker is taken for dead, and others take over its work."""
    slot: str = ""
    """Name of this worker among the workers of an installation; empty: the first free one."""
    sqlite_synchronous: str = "NORMAL"
    """`FULL` survives a power cut with the last orders, at some cost; `NORMAL` survives the death of the process."""
    log_level: str = "INFO"


OPERATOR = Operator()
_SRC = Path(__file__).resolve().parent


def _secret_key() -> str:
    if OPERATOR.key:
        return OPERATOR.key
    path = OPERATOR.data / "key"
    if path.exists():
        return path.read_text().strip()
    if OPERATOR.production:
        msg = (
            "TWINSHELF_PRODUCTION is set but TWINSHELF_KEY is not: "
            "set it, or put it into TWINSHELF_SECRETS_DIR/TWINSHELF_KEY"
        )
        raise ImproperlyConfigured(msg)
    OPERATOR.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = secrets.token_urlsafe(48)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process of this installation was first
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        file.write(key)
    return key


def _keys() -> tuple[str, ...]:
    """The key that signs and seals, then older ones. A short one would let anybody sign, so none of them may be."""
    keys = tuple(key.strip() for key in _secret_key().split(","))
    if any(len(key) < 32 for key in keys):
        msg = (
            "TWINSHELF_KEY, and each older key after a comma, must have at least 32 characters; "
            "make one with: openssl rand -base64 48"
        )
        raise ImproperlyConfigured(msg)
    return keys


os.umask(0o077)  # databases, logs and keys are for whoever runs us, and nobody else on the machine
KEYS: tuple[str, ...] = _keys()
SECRET_KEY = KEYS[0]
SECRET_KEY_FALLBACKS = list(KEYS[1:])


def _database() -> dict[str, Any]:
    if not OPERATOR.database_url:
        return {
            "ENGINE": "twinshelf.kit.sqlite",
            "NAME": OPERATOR.data / "twinshelf.sqlite3",
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": (
                    f"PRAGMA journal_mode=WAL;PRAGMA synchronous={OPERATOR.sqlite_synchronous};"
                    "PRAGMA temp_store=MEMORY;PRAGMA cache_size=-16384;PRAGMA mmap_size=67108864;"
                    f"PRAGMA journal_size_limit={wal.LIMIT}"
                ),
            },
            "TEST": {"NAME": os.environ.get("TWINSHELF_TEST_DATABASE")},
        }
    url = urlsplit(OPERATOR.database_url)
    if url.scheme not in {"postgresql", "postgres"}:
        msg = f"TWINSHELF_DATABASE_URL must begin with postgresql://, not {url.scheme!r}; leave it out for SQLite"
        raise ImproperlyConfigured(msg)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": url.path.lstrip("/"),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": url.hostname or "",
        "PORT": str(url.port or ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": dict(parse_qsl(url.query)),
    }


DATABASES = {"default": _database()}
# Limits on guessing hold for all processes together and outlast any of them, so they are in the database.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "kit_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
    "memory": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

_host = urlsplit(OPERATOR.base_url).hostname or "127.0.0.1"
ALLOWED_HOSTS = [_host] if OPERATOR.production else list({_host, "127.0.0.1", "localhost"})
CSRF_TRUSTED_ORIGINS = [OPERATOR.base_url]
_https = OPERATOR.base_url.startswith("https:")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = (
    ("__Host-sessionid", "__Host-csrftoken") if _https else ("sessionid", "csrftoken")
)
FILE_UPLOAD_HANDLERS = ["twinshelf.console.middleware.Papers"]
PAPERS_MAX_MEMORY_SIZE = 12 * 1024 * 1024
"""Bytes of a request that brings certificates or a size chart."""
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

DEBUG = False
ROOT_URLCONF = "twinshelf.urls"
WSGI_APPLICATION = "twinshelf.wsgi.application"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
USE_I18N = True

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "django_cotton.apps.SimpleAppConfig",
    "csp",
    "rules.apps.AutodiscoverRulesConfig",
    "twinshelf.kit",
    "twinshelf.accounts",
    "twinshelf.sync",
    "twinshelf.connections",
    "twinshelf.goods",
    "twinshelf.rules",
    "twinshelf.listings",
    "twinshelf.orders",
    "twinshelf.notices",
    "twinshelf.console",
]

MIDDLEWARE = [
    "twinshelf.hooks.middleware.straight_through",
    "twinshelf.console.middleware.at_its_address",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "twinshelf.console.middleware.AccountScopeMiddleware",
]

# django-cotton patches the loaders when left to itself, and where another library does so too, <c-…> tags stay
# uncompiled without a word: so the loaders are written out here.
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [_SRC / "console" / "templates"],  # before the apps', so that allauth's pages look like ours
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "twinshelf.console.context.console",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": ["django_cotton.templatetags.cotton"],
        },
    }
]
COTTON_DIR = "cotton"
COTTON_ISOLATE_BY_DEFAULT = True  # a component sees what it is given, and what every page knows

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "rules.permissions.ObjectPermissionBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "dashboard"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if OPERATOR.sign_up == "open" else "none"
ACCOUNT_RATE_LIMITS = {
    "confirm_email": "1/3m/key",
    "connect_store": "10/5m/user",
    "install": "20/5m/ip",
    "invite": "30/h/user",
    "join": "20/5m/ip",
    "login_failed": "30/m/ip,5/5m/key",
    "login_failed_all": "50/15m/key",
    "login_failed_device": "10/5m/key",
}
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "twinshelf.console.signing_in.Adapter"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
MFA_ADAPTER = "twinshelf.console.signing_in.SecondSteps"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _https
MFA_TOTP_TOLERANCE = 1  # clocks of phones differ by some seconds
# Where addresses must be verified, nobody gets as far as these pages without.
MFA_ALLOW_UNVERIFIED_EMAIL = True
ALLAUTH_TRUSTED_PROXY_COUNT = OPERATOR.trusted_proxies
# A message nobody can receive is not sent to the log instead: who reads the log would take the account over.
EMAIL_BACKEND = os.environ.get("TWINSHELF_EMAIL_BACKEND", "") or (
    "django.core.mail.backends.smtp.EmailBackend"
    if OPERATOR.email_host
    else "django.core.mail.backends.dummy.EmailBackend"
)
SENDS_EMAIL = not EMAIL_BACKEND.endswith((".dummy.EmailBackend", ".console.EmailBackend"))
if OPERATOR.sign_up == "open" and not SENDS_EMAIL:
    msg = (
        "TWINSHELF_SIGN_UP is open, but TWINSHELF_EMAIL_HOST is not set: "
        "an address that signs up must be verified by email; set it, or leave TWINSHELF_SIGN_UP out"
    )
    raise ImproperlyConfigured(msg)
EMAIL_HOST, EMAIL_PORT, EMAIL_USE_TLS = OPERATOR.email_host, OPERATOR.email_port, OPERATOR.email_tls
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = OPERATOR.email_user, OPERATOR.email_password
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = os.environ.get("TWINSHELF_EMAIL_FROM", "twinshelf@localhost")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "font-src": ["'self'"],
        "img-src": ["'self'", "data:", "https:", *[f"http://{host}" for host in OPERATOR.fetch_allow]],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
}

STATIC_URL = "/static/"
STATIC_ROOT = OPERATOR.data / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}


# The font's files are served as they are; they are not in the repository.
STATICFILES_DIRS = [("fonts", str(Path(fontpkg_source_sans_3.__file__).parent / "files"))]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"()": "twinshelf.kit.logs.Lines", "format": "%(asctime)s %(levelname)s %(name)s %(message)s"}
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": OPERATOR.log_level},
    "loggers": {
        "dbos": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
        "httpx2": {"level": "WARNING"},
        "httpcore2": {"level": "WARNING"},
        "waitress.queue": {"level": "ERROR"},  # it warns of each request that waits a moment for its turn
    },
}
SILENCED_SYSTEM_CHECKS: list[str] = []
