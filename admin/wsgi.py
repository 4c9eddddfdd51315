"""What gunicorn serves: `gunicorn --worker-class gthread --threads 16 admin.wsgi:app`."""

from admin.app import create_app
from admin.settings import load_admin_settings

app = create_app(load_admin_settings())
