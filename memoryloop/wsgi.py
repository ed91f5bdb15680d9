"""The WSGI application, for servers that speak no ASGI (answers stream all the same, one thread each)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "memoryloop.settings")

application = get_wsgi_application()
