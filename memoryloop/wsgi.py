"""The WSGI application, for servers without ASGI (answers stream too, one thread each)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "memoryloop.settings")

application = get_wsgi_application()
