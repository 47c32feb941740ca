"""Settings of a simulation: the product's own, in a data directory of its own. TWINSHELF_DATA is set before."""

import os

os.environ.update(
    TWINSHELF_BASE_URL="https://twinshelf.soak",
    TWINSHELF_DATABASE_URL="",
    TWINSHELF_FETCH_ALLOW='["sandbox.soak:80"]',
    TWINSHELF_TIKTOK_APP_KEY="6soakkey",
    TWINSHELF_TIKTOK_APP_SECRET="app-secret-of-the-soak-4711",  # noqa: S106 - of invented platforms
    TWINSHELF_TIKTOK_SERVICE_ID="7400000000000000011",
    TWINSHELF_BIGCOMMERCE_APP_ID="41000",
    TWINSHELF_LOG_LEVEL="DEBUG",
)

from twinshelf.settings import *  # noqa: F403
from twinshelf.settings import ALLOWED_HOSTS

ALLOWED_HOSTS = [*ALLOWED_HOSTS, "twinshelf.soak"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick: no invariant is about hashing
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
