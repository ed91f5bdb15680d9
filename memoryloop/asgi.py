"""The ASGI application, for `manage.py serve` and any ASGI server."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "memoryloop.settings")

application = get_asgi_application()
