"""Every setting, from STUDIO_* variables. A checkout runs with none of them set.

What each variable means and what it is when absent: docs/settings.md, which a test compares.
"""

import os
import sys
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from studio import env

BASE_DIR = Path(__file__).resolve().parent.parent
HOME = env.path("STUDIO_HOME", BASE_DIR / "var")
PORT = env.number("STUDIO_PORT", 8000, least=1)
HOST = env.text("STUDIO_HOST", "127.0.0.1")
URL = env.text("STUDIO_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
DEBUG = env.flag("STUDIO_DEBUG")
SECRET_KEY = env.secret("STUDIO_SECRET_KEY", make_in=HOME / "secret-key")

# --- where things lie under HOME -----------------------------------------------------------
BLOBS = HOME / "blobs"
IMAGES = HOME / "images"
TASKS = HOME / "tasks"
FETCHES = HOME / "fetches"
TABLES = HOME / "tables"
CACHE = HOME / "cache"
LOGS = HOME / "logs"
RUNTIME = HOME / "run"
# A Unix socket's path is cut off at 107 bytes by the kernel: a deep HOME needs another place.
SOCKETS = env.path("STUDIO_SOCKETS", RUNTIME)
# In a folder of its own: containers get the folder, so that a studio which was started again, with
# another socket, is still reached.
WEB_SOCKET = SOCKETS / "web" / "web.sock"
VALKEY_SOCKET = SOCKETS / "valkey.sock"
SDK = BASE_DIR / "sdk"
EXAMPLES = SDK / "examples"

# --- Django ------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "studio",
    "compute",
    "registry",
    "runs",
]
MIDDLEWARE = [
    # The only asynchronous one, so it stands first: one change of worlds a request, not three.
    "servestatic.middleware.ServeStaticMiddleware",
    "studio.middleware.RequestId",
    "studio.agreement.Versions",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "studio.middleware.ContentSecurityPolicy",
    "studio.middleware.ErrorPages",
]
ROOT_URLCONF = "studio.urls"
ASGI_APPLICATION = "studio.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["django.templatetags.static", "studio.templatetags.ui"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "studio.pages.frame",
            ],
        },
    }
]
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- the database: SQLite at your desk, PostgreSQL by STUDIO_DATABASE_URL ------------------------
DATABASE_URL = (
    env.secret("STUDIO_DATABASE_URL", make_in=HOME / "database-url")
    if (os.environ.get("STUDIO_DATABASE_URL") or os.environ.get("STUDIO_DATABASE_URL_FILE"))
    else env.text("STUDIO_DATABASE_URL")
)
env.known.add("STUDIO_DATABASE_URL_FILE")
DATABASES: dict[str, dict[str, Any]]
if DATABASE_URL:
    parts = urlsplit(DATABASE_URL)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured("STUDIO_DATABASE_URL must begin with postgresql://")
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": str(parts.port or ""),
            "OPTIONS": dict(parse_qsl(parts.query)),
        }
    }
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": HOME / "studio.sqlite3",
            "OPTIONS": {
                # Writers queue instead of failing: IMMEDIATE takes the lock at the start.
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
                " PRAGMA cache_size=-16000;",
            },
            # Tests drive the real server beside the test's own connection: a file, not memory.
            "TEST": {"NAME": HOME / "test.sqlite3"},
        }
    }

# Requests come in threads that are kept, with their connections (studio/threads.py).
DATABASES["default"] |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}

# --- Valkey: the queue and the channel layer ----------------------------------------------------
VALKEY_URL = env.text("STUDIO_VALKEY_URL", f"unix://{VALKEY_SOCKET}?db=0")
CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [VALKEY_URL], "prefix": "live"},
    }
}
WORKER_THREADS = env.number("STUDIO_WORKER_THREADS", 8, least=2)

# --- who may enter -----------------------------------------------------------------------------
AUTH_USER_MODEL = "studio.User"
LOGIN_URL = "studio:sign-in"
LOGIN_REDIRECT_URL = "studio:home"
PASSWORD_RESET_TIMEOUT = env.number("STUDIO_SIGN_IN_LINK_SECONDS", 24 * 3600, least=60)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ALLOWED_HOSTS = [
    *env.words("STUDIO_ALLOWED_HOSTS"),
    "127.0.0.1",
    "localhost",
    "[::1]",
    urlsplit(URL).hostname or "127.0.0.1",
]
CSRF_TRUSTED_ORIGINS = [URL]
OWN_ORIGINS = [URL, f"http://127.0.0.1:{PORT}", f"http://localhost:{PORT}"]
SECURE_COOKIES = urlsplit(URL).scheme == "https"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_COOKIES
# Cookies know no ports: two studios on one machine would sign each other's users out.
SESSION_COOKIE_NAME = f"trainyard-session-{PORT}"
CSRF_COOKIE_NAME = f"trainyard-csrf-{PORT}"
SESSION_COOKIE_AGE = 30 * 24 * 3600
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

# --- files, uploads, snapshots -------------------------------------------------------------------
# Above this a request's body goes to a temporary file while it arrives, never to memory.
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_TEMP_DIR = HOME / "uploads"
FILE_UPLOAD_TEMP_DIR.mkdir(parents=True, exist_ok=True)  # Django's checks want it to be there
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024


def _given_secret(name: str) -> str:
    """A secret of somebody else's service: from the variable or its _FILE, "" without."""
    env.known.add(f"{name}_FILE")
    is_given = os.environ.get(name) or os.environ.get(f"{name}_FILE")
    return env.secret(name, make_in=HOME) if is_given else env.text(name)


# Where contents are: in BLOBS, or with S3 in a bucket; they arrive in BLOBS either way.
STORAGE = env.text("STUDIO_STORAGE", "folder")
if STORAGE not in ("folder", "s3"):
    raise ImproperlyConfigured(f"STUDIO_STORAGE={STORAGE!r} is neither folder nor s3")
BLOB_STORE = {"folder": "studio.files.folder.Folder", "s3": "studio.files.s3.S3"}[STORAGE]
# What no run, model or dataset names goes when nobody sent it or asked for it for this long.
KEEP_UNUSED_HOURS = env.number("STUDIO_KEEP_UNUSED_HOURS", 24, least=1)
S3_OPTIONS: dict[str, Any] = {
    "bucket_name": env.text("STUDIO_BUCKET"),
    "endpoint_url": env.text("STUDIO_BUCKET_ENDPOINT") or None,
    "region_name": env.text("STUDIO_BUCKET_REGION") or None,
    "location": env.text("STUDIO_BUCKET_PREFIX"),
    "access_key": _given_secret("STUDIO_BUCKET_ACCESS_KEY") or None,
    "secret_key": _given_secret("STUDIO_BUCKET_SECRET_KEY") or None,
}
if STORAGE == "s3" and not S3_OPTIONS["bucket_name"]:
    raise ImproperlyConfigured("STUDIO_STORAGE=s3 needs STUDIO_BUCKET, the bucket's name")
SNAPSHOT_MAX_BYTES = env.number("STUDIO_SNAPSHOT_MAX_MB", 300, least=1) * 1024 * 1024
SNAPSHOT_MAX_FILES = env.number("STUDIO_SNAPSHOT_MAX_FILES", 20_000, least=1)

# --- datasets ------------------------------------------------------------------------------------
# Hosts that files are fetched from ("*.example.org" too), any public one where none is named, and
# networks of private addresses that may be reached besides.
FETCH_HOSTS = env.words("STUDIO_FETCH_HOSTS")
FETCH_PRIVATE = env.words("STUDIO_FETCH_PRIVATE")
try:
    list(map(ip_network, FETCH_PRIVATE))
except ValueError as error:
    raise ImproperlyConfigured(f"STUDIO_FETCH_PRIVATE: {error}; such as 10.1.0.0/16") from None
FETCH_MAX_BYTES = env.number("STUDIO_FETCH_MAX_GB", 100, least=1) * 10**9
# A fetch waits for others' servers most of the time: such have threads of their own in the worker,
# so that no run waits for them; and one that brings less than this for a minute ends.
FETCHES_AT_ONCE = env.number("STUDIO_FETCHES_AT_ONCE", 8, least=1)
FETCH_LEAST_BYTES_PER_S = env.number("STUDIO_FETCH_LEAST_BYTES_PER_S", 1000)
# Where the files of open datasets are, instead of at their own addresses: a URL or a folder.
OPENDATA_MIRROR = env.text("STUDIO_OPENDATA_MIRROR")
# A folder with more open datasets, one file each as in registry/opendata/.
OPENDATA_CATALOG = env.text("STUDIO_OPENDATA_CATALOG")
if OPENDATA_CATALOG and not Path(OPENDATA_CATALOG).expanduser().is_dir():
    raise ImproperlyConfigured(f"STUDIO_OPENDATA_CATALOG={OPENDATA_CATALOG} is no folder")

# --- images ------------------------------------------------------------------------------------
# Folders with Python interpreters, besides PATH: each `python3.N` or `*/bin/python` in them counts.
PYTHONS = [Path(p).expanduser() for p in env.words("STUDIO_PYTHONS", "~/.pyenv/versions")]
INDEX_URL = env.text("STUDIO_INDEX_URL")
EXTRA_INDEX_URLS = env.words("STUDIO_EXTRA_INDEX_URLS")
FIND_LINKS = env.words("STUDIO_FIND_LINKS", os.environ.get("PIP_FIND_LINKS", ""))
UV_CACHE = env.path("STUDIO_UV_CACHE", HOME / "uv-cache")
CONDA_CACHE = env.path("STUDIO_CONDA_CACHE", HOME / "conda-cache")
# Channels of definitions that name none, and the address that names of channels are put after.
CONDA_CHANNELS = env.words("STUDIO_CONDA_CHANNELS", "conda-forge")
CONDA_CHANNEL_ALIAS = env.text("STUDIO_CONDA_CHANNEL_ALIAS", "https://conda.anaconda.org")
# A bundle of certificates that downloads are checked against, inside Docker builds too.
CERTIFICATES = env.text("STUDIO_CERTIFICATES", os.environ.get("SSL_CERT_FILE", ""))
DOCKER_URL = env.text(
    "STUDIO_DOCKER_URL", os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
)
# {python} becomes the version that a definition asks for, such as 3.11.
DOCKER_BASE_IMAGE = env.text("STUDIO_DOCKER_BASE_IMAGE", "python:{python}-slim-bookworm")
# For each kind of image: the least recently used go when all together take more.
IMAGES_MAX_GB = env.number("STUDIO_IMAGES_MAX_GB", 50, least=1)
IMAGE_BUILD_SECONDS = env.number("STUDIO_IMAGE_BUILD_SECONDS", 90 * 60, least=10)

# --- runs ----------------------------------------------------------------------------------------
# The local backend runs scripts as the studio's own user: only while one person can sign in,
# unless the operator says that everyone who can is trusted with this account.
LOCAL_BACKEND_FOR_ALL = env.flag("STUDIO_LOCAL_BACKEND_FOR_ALL")
LOG_MAX_BYTES = env.number("STUDIO_LOG_MAX_MB", 1024, least=1) * 1024 * 1024
CANCEL_GRACE_SECONDS = env.number("STUDIO_CANCEL_GRACE_SECONDS", 10, least=1)
# Datasets laid out for runs: the least recently used go when all together take more.
CACHE_MAX_BYTES = env.number("STUDIO_CACHE_MAX_GB", 50, least=1) * 10**9
SILENT_AFTER_SECONDS = env.number("STUDIO_SILENT_AFTER_SECONDS", 8, least=5)

# --- static files ---------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "studio.packages.PackageScripts",
]
# Hashed names need collectstatic, which `up` runs; without it (tests) the plain names serve.
COLLECTED = (STATIC_ROOT / "staticfiles.json").exists()
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
        if COLLECTED or "collectstatic" in sys.argv
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
SERVESTATIC_USE_FINDERS = not COLLECTED
SERVESTATIC_AUTOREFRESH = not COLLECTED

# --- the API -------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "studio.auth.BearerToken",
        "studio.auth.BrowserSession",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "studio.errors.as_json",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Trainyard",
    "DESCRIPTION": "Submit training runs, follow them, download what they made.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# --- what we say of ourselves --------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)-7s %(name)s: %(message)s"},
    },
    "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["out"], "level": env.text("STUDIO_LOG_LEVEL", "INFO")},
}

env.check_spelling()
