"""Settings: one file, read from the environment. docs/settings.md documents every variable.

Without any variable set the result is safe: debugging off, a secret made once, localhost only.
Nothing here touches the network.
"""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import django_stubs_ext
from django.core.exceptions import ImproperlyConfigured

from memoryloop import environment, installation
from memoryloop.postgres import server

django_stubs_ext.monkeypatch()

# The folder with templates and static files.
BASE_DIR = installation.HOME

# Everything that lives is under this folder: PostgreSQL's files, LanceDB, secrets, media.
DATA_DIR = environment.folder("MEMORYLOOP_DATA", installation.default_data_folder())

DEBUG = environment.flag("MEMORYLOOP_DEBUG")
SECRET_KEY = environment.secret("MEMORYLOOP_SECRET_KEY", DATA_DIR / "secrets" / "secret-key")
SECRET_KEY_FALLBACKS = environment.words("MEMORYLOOP_OLD_SECRET_KEYS")
# Keys that encrypt the learners' API keys: the first encrypts, all of them decrypt.
ENCRYPTION_KEYS = environment.words("MEMORYLOOP_ENCRYPTION_KEYS")
ENCRYPTION_KEY_FILE = DATA_DIR / "secrets" / "encryption-key"

ALLOWED_HOSTS = environment.words("MEMORYLOOP_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = environment.words("MEMORYLOOP_ORIGINS")
# Proxies that are believed about the visitor's address and scheme: addresses and networks.
PROXIES = environment.networks("MEMORYLOOP_PROXIES")
# Behind TLS: secure cookies, HSTS and the redirect to https.
HTTPS = environment.flag("MEMORYLOOP_HTTPS")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "procrastinate.contrib.django",
    "memoryloop",
    "accounts",
    "chat",
    "flashcards",
]

MIDDLEWARE = [
    "memoryloop.web.middleware.HealthMiddleware",
    "memoryloop.web.watching.MetricsMiddleware",
    "memoryloop.web.middleware.ProxyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "memoryloop.web.watching.WatchMiddleware",
    "memoryloop.web.middleware.SecurityHeadersMiddleware",
    "memoryloop.web.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "memoryloop.web.middleware.StorableTextMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "memoryloop.web.middleware.HtmxMiddleware",
    "accounts.web.middleware.KnownDeviceMiddleware",
    "accounts.web.middleware.TimeZoneMiddleware",
    "memoryloop.web.middleware.CommitsMiddleware",
    "flashcards.web.middleware.StoreErrorMiddleware",
    # Innermost, so that it sees a view's error first.
    "memoryloop.web.middleware.OutageMiddleware",
]

ROOT_URLCONF = "memoryloop.urls"
ASGI_APPLICATION = "memoryloop.asgi.application"
WSGI_APPLICATION = "memoryloop.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": [
                "memoryloop.templatetags.memoryloop",
                "memoryloop.templatetags.look",
            ],
        },
    },
]


def _database(url: str) -> dict[str, Any]:
    """Return Django's database settings for a postgresql:// address."""
    shape = "DATABASE_URL must read postgresql://user:password@host:port/name."
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        # Its text repeats the address, which has a password in it.
        raise ImproperlyConfigured(shape) from None
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(shape)
    return {
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(port or ""),
        "OPTIONS": dict(parse_qsl(parts.query)),
    }


DATABASE_URL = environment.text("DATABASE_URL")
# None when DATABASE_URL names a server; else the embedded one, which is not started from here.
EMBEDDED_POSTGRES = None if DATABASE_URL else server.EmbeddedPostgres(DATA_DIR / "postgres")
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        "ENGINE": "django.db.backends.postgresql"
        if DATABASE_URL
        else "memoryloop.postgres.backend",
        "OPTIONS": {},
        **(_database(DATABASE_URL) if DATABASE_URL else {}),
        **(EMBEDDED_POSTGRES.django_settings() if EMBEDDED_POSTGRES else {}),
        "CONN_HEALTH_CHECKS": True,
    }
}
DATABASES["default"]["OPTIONS"] |= {
    "pool": {"min_size": 1, "max_size": environment.integer("DATABASE_POOL", 16), "timeout": 10},
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Where a new installation keeps cards and reviews: lancedb or postgresql.
CARD_STORE = environment.choice("CARD_STORE", ("lancedb", "postgresql"), "lancedb")
# Where it is not said, whichever has the cards is meant.
CARD_STORE_IS_SET = bool(environment.text("CARD_STORE"))
# A folder, s3://bucket/prefix, or db://name (LanceDB Cloud).
LANCEDB_URI = environment.text("LANCEDB_URI", str(DATA_DIR / "lancedb"))
_S3_ENDPOINT = environment.text("AWS_ENDPOINT_URL")
# For s3://, in LanceDB's names. What is missing here it looks for where AWS's own tools do.
LANCEDB_STORAGE_OPTIONS = {
    name: value
    for name, value in {
        "aws_access_key_id": environment.text("AWS_ACCESS_KEY_ID"),
        "aws_secret_access_key": environment.text("AWS_SECRET_ACCESS_KEY"),
        "aws_session_token": environment.text("AWS_SESSION_TOKEN"),
        "aws_region": environment.text("AWS_REGION", environment.text("AWS_DEFAULT_REGION")),
        "aws_endpoint": _S3_ENDPOINT,
        # In the clear only where the address says so.
        "allow_http": "true" if _S3_ENDPOINT.startswith("http://") else "",
    }.items()
    if value
}
# What a process may keep of the indexes, in MB; it takes no more than they have. Among a million
# cards a search by meaning takes 15 ms of the processor with 128, 12 ms with 768.
LANCEDB_INDEX_CACHE_MB = environment.integer("LANCEDB_INDEX_CACHE_MB", 128)
# For db://.
LANCEDB_CLOUD = {
    name: value
    for name, value in {
        "api_key": environment.text("LANCEDB_API_KEY"),
        "region": environment.text("LANCEDB_REGION"),
        "host_override": environment.text("LANCEDB_HOST"),
    }.items()
    if value
}

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "chat:home"
LOGOUT_REDIRECT_URL = "home"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"accounts.validators.{name}"}
    for name in ("LongEnough", "NotLikeTheAccount", "NotCommon", "NotOnlyDigits")
]
# Who may sign up: everybody, whoever has an invitation (admin, `manage.py invite`), nobody.
SIGNUP = environment.choice("MEMORYLOOP_SIGNUP", ("open", "invitation", "closed"), "open")
PASSWORD_RESET_TIMEOUT = int(timedelta(hours=1).total_seconds())

SESSION_COOKIE_AGE = int(timedelta(days=7).total_seconds())
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
# ProxyMiddleware removes the header where it is not to be believed.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Without TLS on purpose (localhost, or a proxy's business): `check --deploy` says it otherwise.
SILENCED_SYSTEM_CHECKS = (
    [] if HTTPS else ["security.W004", "security.W008", "security.W010", "security.W016"]
)
# A message may be 50,000 characters, which a form sends as up to 12 bytes each.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

EMAIL_HOST = environment.text("EMAIL_HOST")
EMAIL_PORT = environment.integer("EMAIL_PORT", 587)
EMAIL_HOST_USER = environment.text("EMAIL_USER")
EMAIL_HOST_PASSWORD = environment.text("EMAIL_PASSWORD")
EMAIL_USE_TLS = environment.flag("EMAIL_TLS", default=True)
EMAIL_TIMEOUT = 10
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
DEFAULT_FROM_EMAIL = environment.text("EMAIL_FROM", "MemoryLoop <memoryloop@localhost>")

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "memoryloop.web.static_storage.LeanStaticFilesStorage"},
}
MEDIA_ROOT = DATA_DIR / "media"
# Files that are being imported or were exported, for as long as they are wanted. Web processes
# and workers on several machines share this folder as they share the media.
EXCHANGE_ROOT = DATA_DIR / "exchange"
IMPORT_MAX_BYTES = environment.integer("MEMORYLOOP_IMPORT_MAX_MB", 500) * 1024 * 1024

# Backups of every night: whether, where (a folder or s3://bucket/prefix), from which hour on (UTC),
# and of how many days, weeks and months they are kept.
BACKUPS_SCHEDULED, BACKUP_PLACE = environment.backups(
    "MEMORYLOOP_BACKUPS", DATA_DIR / "backups", default=not DATABASE_URL
)
BACKUP_HOUR = environment.integer("MEMORYLOOP_BACKUP_HOUR", 3, least=0, most=23)
BACKUP_DAILY = environment.integer("MEMORYLOOP_BACKUP_DAILY", 7, least=0)
BACKUP_WEEKLY = environment.integer("MEMORYLOOP_BACKUP_WEEKLY", 4, least=0)
BACKUP_MONTHLY = environment.integer("MEMORYLOOP_BACKUP_MONTHLY", 6, least=0)
# A backup of data that an older MemoryLoop wrote, in the same place, before it is upgraded.
BACKUP_BEFORE_UPGRADE = environment.flag("MEMORYLOOP_BACKUP_BEFORE_UPGRADE", default=True)

# Model providers. An address is probed when an answer is first wanted, never at start.
ANTHROPIC_BASE_URL = environment.text("ANTHROPIC_BASE_URL")
CLAUDE_MODEL = environment.text("CLAUDE_MODEL", "claude-sonnet-5-5")
OPENAI_BASE_URL = environment.text("OPENAI_BASE_URL")
OPENAI_API_KEY = environment.text("OPENAI_API_KEY")
OPENAI_MODEL = environment.text("OPENAI_MODEL")
OPENAI_CONTEXT_LENGTH = environment.integer("OPENAI_CONTEXT_LENGTH", 0)
OLLAMA_URL = environment.text("OLLAMA_URL", "http://127.0.0.1:11434")
OLLAMA_MODEL = environment.text("OLLAMA_MODEL")
OLLAMA_CONTEXT_LENGTH = environment.integer("OLLAMA_CONTEXT_LENGTH", 0)
# Where the built-in embedding model's files are written once, for all processes to map.
EMBEDDING_FILES = environment.folder("MEMORYLOOP_EMBEDDING_FILES", DATA_DIR / "embedding")
# The model that makes the vectors for search by meaning; without one the built-in model. Its server
# is Ollama's address unless one is named, or OpenAI where there is only a key.
EMBEDDING_MODEL = environment.text("EMBEDDING_MODEL")
EMBEDDING_URL = environment.text("EMBEDDING_URL")
EMBEDDING_API_KEY = environment.text("EMBEDDING_API_KEY")
# Put before what is looked for and before what is stored, with a space, as some models want it.
EMBEDDING_QUERY_PREFIX = environment.text("EMBEDDING_QUERY_PREFIX")
EMBEDDING_TEXT_PREFIX = environment.text("EMBEDDING_TEXT_PREFIX")
# Which servers learners may have this one ask in their name: any (those inside this network too,
# such as http://localhost:11434), public (on the internet only), off. Unless it is said: any where
# MemoryLoop answers to this machine's own name only, for then the learner is who runs it.
LEARNER_ENDPOINTS = environment.choice(
    "MEMORYLOOP_LEARNER_ENDPOINTS",
    ("any", "public", "off"),
    "any" if set(ALLOWED_HOSTS) <= {"localhost", "127.0.0.1", "[::1]"} else "public",
)

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "tasks"

# The token with which GET /metrics is asked; nothing where there is no such page.
METRICS_TOKEN = environment.bearer_token(
    "MEMORYLOOP_METRICS", DATA_DIR / "secrets" / "metrics-token"
)
# OpenTelemetry's own variables. Its SDK reads these and many more; here is only read whether there
# is anything to do.
_COLLECTOR = environment.text("OTEL_EXPORTER_OTLP_ENDPOINT")
_IS_DISABLED = environment.text("OTEL_SDK_DISABLED").lower() == "true"
TELEMETRY_TRACES = bool(
    environment.text("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", _COLLECTOR)
    and environment.text("OTEL_TRACES_EXPORTER", "otlp") == "otlp"
    and not _IS_DISABLED
)
TELEMETRY_METRICS = bool(
    environment.text("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", _COLLECTOR)
    and environment.text("OTEL_METRICS_EXPORTER", "otlp") == "otlp"
    and not _IS_DISABLED
)
TELEMETRY_PROTOCOL = environment.text("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "class": "memoryloop.log_format.Formatter",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    # While a collector is away: not each attempt, only that it came to nothing.
    "loggers": {"opentelemetry.exporter": {"level": "ERROR"}},
    "root": {"handlers": ["console"], "level": environment.text("MEMORYLOOP_LOG_LEVEL", "WARNING")},
}
