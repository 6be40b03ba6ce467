"""The WSGI application that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

from askpro import garbage, sentry
from askpro.incoming.charset import readable

garbage.look_rarely()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "askpro.settings")
application = readable(get_wsgi_application())
sentry.start()
