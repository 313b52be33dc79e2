"""Django's settings; its database is the control database, so that events commit with our own rows."""

import os

from psycopg2.extensions import parse_dsn

_address = parse_dsn(os.environ["MIGRATOR_CONTROL_URL"])

SECRET_KEY = os.environ.get("SECRET_KEY", "only for trying this out")
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "signup.urls"
INSTALLED_APPS = ["signup"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
USE_TZ = True
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _address["dbname"],
        "HOST": _address.get("host", ""),
        "PORT": _address.get("port", ""),
        "USER": _address.get("user", ""),
        "PASSWORD": _address.get("password", ""),
    }
}
