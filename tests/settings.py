"""Settings of the test run: the product's own, with a data directory that lives as long as the run.

TWINSHELF_DATABASE_URL is honored, so that the same tests run on PostgreSQL; everything else of the environment that
begins with TWINSHELF_ is set aside.
"""

import atexit
import os
import shutil
import tempfile

_KEEP = {"TWINSHELF_DATABASE_URL", "TWINSHELF_REQUIRE_ALL", "TWINSHELF_SHARED", "TWINSHELF_WHOLE"}
for _name in [name for name in os.environ if name.startswith("TWINSHELF_") and name not in _KEEP]:
    del os.environ[_name]
_data = tempfile.mkdtemp(prefix="twinshelf-test-")
atexit.register(shutil.rmtree, _data, ignore_errors=True)
os.environ.update(
    TWINSHELF_DATA=_data,
    TWINSHELF_BASE_URL="https://twinshelf.test",
    TWINSHELF_FETCH_ALLOW='["sandbox.test:80"]',
    TWINSHELF_TIKTOK_APP_KEY="6testkey",
    TWINSHELF_TIKTOK_APP_SECRET="test-app-secret-of-twinshelf",
    TWINSHELF_TIKTOK_SERVICE_ID="7412345678901234567",
    TWINSHELF_BIGCOMMERCE_APP_ID="32000",
    TWINSHELF_LOG_LEVEL="WARNING",
)

from twinshelf.settings import *  # noqa: E402, F403
from twinshelf.settings import ALLOWED_HOSTS, DATABASES, OPERATOR  # noqa: E402

ALLOWED_HOSTS = [*ALLOWED_HOSTS, "twinshelf.test"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick: no test is about hashing
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
SENDS_EMAIL = True
if not OPERATOR.database_url:
    DATABASES["default"]["TEST"] = {"NAME": OPERATOR.data / "test.sqlite3"}
