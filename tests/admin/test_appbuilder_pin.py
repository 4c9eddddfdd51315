"""Flask-AppBuilder is pinned, and everything of it that is overridden here still exists there."""

from __future__ import annotations

import importlib.metadata

import flask_appbuilder
import pytest
from flask_appbuilder import AppBuilder
from flask_appbuilder.baseviews import BaseCRUDView, BaseModelView, BaseView
from flask_appbuilder.models.base import BaseInterface
from flask_appbuilder.models.filters import BaseFilter, BaseFilterConverter, Filters
from flask_appbuilder.security.sqla.manager import SecurityManager
from flask_appbuilder.security.sqla.models import User
from flask_appbuilder.security.views import AuthView
from flask_appbuilder.views import ModelView

from admin.app import MeshAppBuilder
from admin.grpcfab.interface import GrpcInterface
from admin.grpcfab.panel import Panel
from admin.security.manager import MeshSecurityManager
from admin.security.views import SignInView

# Members that are ours alone, by class: everything else must be an override.
OWN = {
    MeshAppBuilder: set(),
    MeshSecurityManager: {"throttle", "bump_epoch"},
    SignInView: {"_try", "_enter", "_page"},
}


def test_the_version_is_the_one_that_was_read():
    assert importlib.metadata.version("flask-appbuilder") == "5.3.0"
    assert flask_appbuilder.__version__ == "5.3.0"


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(MeshAppBuilder, AppBuilder), (MeshSecurityManager, SecurityManager), (SignInView, AuthView)],
)
def test_every_overridden_member_still_exists(ours, theirs):
    mine = {name for name in vars(ours) if not name.startswith("__")} - OWN[ours]

    assert {name for name in mine if not hasattr(theirs, name)} == set()


def test_every_member_of_a_data_model_that_views_call_is_there():
    called = {
        "filter_converter_class", "get_filters", "get_columns_list", "get_user_columns_list", "get_search_columns_list",
        "get_order_columns_list", "model_name",
        "is_image", "is_file", "is_text", "is_binary", "is_json", "is_string",
        "is_integer", "is_numeric", "is_float", "is_boolean", "is_date", "is_datetime", "is_enum", "is_fk",
        "is_nullable", "is_unique", "is_pk_composite", "get_max_length", "get_min_length", "get_col_default",
        "is_relation",
        "is_relation_many_to_one", "is_relation_many_to_many", "is_relation_one_to_many", "is_relation_one_to_one",
        "get_related_fk", "get_related_interface", "get_related_model", "get_related_obj", "query", "get", "get_keys",
        "get_pk_name", "get_pk_value", "get_values", "get_values_item", "_get_attr_value", "add", "edit", "delete",
    }  # fmt: skip

    assert {name for name in called if not hasattr(BaseInterface, name)} == set()
    assert {name for name in called if not hasattr(GrpcInterface, name)} == set()
    assert hasattr(GrpcInterface, "FilterRelationOneToManyEqual")
    assert hasattr(GrpcInterface, "FilterEqual")


@pytest.mark.parametrize(
    ("theirs", "names"),
    [
        (ModelView, {"list", "show", "add", "edit", "delete", "action", "action_post", "download"}),
        (BaseCRUDView, {"_init_forms", "_init_titles", "_init_properties"}),
        (BaseModelView, {"_base_filters", "_filters", "search_columns", "base_filters"}),
        (
            BaseView,
            {"template_folder", "route_base", "exclude_route_methods", "class_permission_name", "base_permissions"},
        ),
        (BaseFilter, {"apply", "arg_name", "name"}),
        (BaseFilterConverter, {"conversion_table", "convert"}),
        (Filters, {"_add_filter", "get_search_filters", "get_filters_values", "get_joined_filters", "add_filter"}),
        (User, {"get_id", "password", "active", "username", "is_active"}),
    ],
)
def test_what_is_overridden_or_relied_on_exists(theirs, names):
    assert {name for name in names if not hasattr(theirs, name)} == set()


def test_no_template_of_flask_appbuilder_can_be_reached(app):
    with app.app_context():
        reachable = app.jinja_env.list_templates()

    assert [name for name in reachable if name.startswith("appbuilder/")] == []
    assert "layout.html" in reachable


def test_only_our_own_views_are_registered(app):
    foreign = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if not app.view_functions[rule.endpoint].__module__.startswith(("admin.", "flask.", "flask_appbuilder.hooks"))
        and rule.endpoint.split(".")[0] not in {type(view).__name__ for view in app.appbuilder.baseviews}
    }
    views = {type(view).__module__.split(".")[0] for view in app.appbuilder.baseviews}

    assert foreign - {"static"} == set()
    assert views == {"admin"}


def test_panels_share_no_route_of_flask_appbuilder(app):
    stale = [
        str(rule)
        for rule in app.url_map.iter_rules()
        if any(part in str(rule) for part in ("/list/", "download", "/lang/", "/back"))
    ]

    assert stale == []
    assert all(
        isinstance(view.datamodel, GrpcInterface) for view in app.appbuilder.baseviews if isinstance(view, Panel)
    )


def test_roles_are_anchored_patterns(app):
    patterns = [pattern for pairs in app.config["FAB_ROLES"].values() for pair in pairs for pattern in pair]

    assert patterns
    assert all(pattern.startswith("^") and pattern.endswith("$") for pattern in patterns)
