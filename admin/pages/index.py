"""The start page: a technician's day where there are visits today, else the first entry of the side bar."""

from __future__ import annotations

from typing import Any

from flask import redirect
from flask_appbuilder.baseviews import BaseView
from werkzeug.exceptions import Forbidden

from admin.grpcfab.routes import expose
from admin.pages.my_day.view import MY_DAY, starts_here
from admin.templating import navigation


class IndexView(BaseView):  # type: ignore[misc]
    """Leads on to what the viewer works with first."""

    route_base = ""
    default_view = "index"
    template_folder = None

    @expose("/")
    def index(self) -> Any:
        if starts_here():
            return redirect(MY_DAY)
        for group in navigation():
            for link in group["links"]:
                return redirect(link["url"])
        raise Forbidden
