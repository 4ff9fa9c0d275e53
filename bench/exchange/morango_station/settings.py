"""Django's settings for the peer morango, server and client alike, the least that it needs.

SQLite is in WAL mode, set when the tables are made (`certificates.py`).
"""

import os

SECRET_KEY = "bench"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
USE_TZ = True
ROOT_URLCONF = "morango.urls"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "rest_framework",
    "mptt",
    "morango",
    "bench.exchange.morango_station",
]
DATABASES = {
    "default": {
        "ENGINE": "bench.exchange.morango_station.sqlite",
        "NAME": os.environ.get("MORANGO_DATABASE", ":memory:"),
        "OPTIONS": {"timeout": 60},
    }
}
# Stages are done while the request waits: it then need not ask again and again whether they are.
MORANGO_DISALLOW_ASYNC_OPERATIONS = True
# Without the former the latter ends in an error.
MORANGO_DISABLE_FSIC_V2_FORMAT = True
LOGGING = {"version": 1, "disable_existing_loggers": True}
