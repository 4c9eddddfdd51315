"""What gunicorn serves: `gunicorn --worker-class gthread --threads 16 admin.wsgi:app`."""

import logging

from admin.app import create_app
from admin.settings import load_admin_settings
from services.chassis.log import configure_logging

_settings = load_admin_settings()
configure_logging("admin", form=_settings.log_format, level=_settings.log_level)
# Flask-AppBuilder writes the login names of failed sign-ins at info.
logging.getLogger("flask_appbuilder").setLevel(logging.WARNING)
app = create_app(_settings)
