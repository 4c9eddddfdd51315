from __future__ import annotations

import pytest
from fieldmesh.notifications.v1.message_pb2 import DELIVERY_STATE_SENT, Delivery
from fieldmesh.workorders.v1.station_pb2 import Station

from admin.app import create_app
from admin.grpcfab.filters import FilterEqual
from admin.grpcfab.panel import Panel
from services.chassis.errors import WrongState
from tests.admin.conftest import PASSWORD, Person, settings_for
from tests.support import memory_data

RETRY = "/fieldmesh.notifications.v1.MailService/RetryDelivery"
SENT, FAILED = memory_data.ident("delivery", 0), memory_data.ident("delivery", 1)


@pytest.fixture
def retried(mesh):
    """Deliveries that were tried again, in order."""
    done = []

    def retry(request, caller):
        if mesh.rows[Delivery.DESCRIPTOR.full_name][request.id].state == DELIVERY_STATE_SENT:
            raise WrongState("This mail was sent already.")
        done.append((request.id, request.request_id))
        return mesh.rows[Delivery.DESCRIPTOR.full_name][request.id]

    mesh.verbs[RETRY] = retry
    yield done
    del mesh.verbs[RETRY]


@pytest.mark.req("B-7")
def test_a_method_with_an_action_option_is_a_button_of_its_resource(sign_in, retried):
    admin = sign_in("admin")

    page = admin.get(f"/deliveries/{FAILED}")
    answer = admin.post(f"/deliveries/{FAILED}/actions/retry-delivery", {"request_key": "k1"})

    assert "Try again" in page.text
    assert [one for one, _ in retried] == [FAILED]
    assert "done for" in admin.get(answer.location).text


def test_a_get_runs_nothing(sign_in, retried):
    """Flask-AppBuilder runs actions on GET, which no CSRF token protects."""
    admin = sign_in("admin")

    assert admin.get(f"/deliveries/{FAILED}/actions/retry-delivery").status_code == 200
    assert admin.get("/deliveries/actions?action=retry-delivery").status_code in {404, 405}
    assert retried == []


def test_without_its_token_a_post_runs_nothing(sign_in, retried):
    admin = sign_in("admin")
    admin.token = ""

    answer = admin.post(f"/deliveries/{FAILED}/actions/retry-delivery")

    assert answer.status_code == 400
    assert retried == []


def test_who_may_not_gets_neither_button_nor_action(sign_in, retried):
    """The contract lets admins retry; dispatchers only read."""
    dispatcher = sign_in("dispatcher")

    page = dispatcher.get(f"/deliveries/{FAILED}")
    answer = dispatcher.post(f"/deliveries/{FAILED}/actions/retry-delivery")

    assert page.status_code == 200
    assert "Try again" not in page.text
    assert answer.status_code == 403
    assert retried == []


@pytest.mark.req("UM-10")
def test_a_refused_row_stops_no_other_and_every_row_is_reported(sign_in, mesh, retried):
    admin = sign_in("admin")
    admin.get("/deliveries/")
    mesh.calls.clear()

    page = admin.post("/deliveries/actions", {"action": "retry-delivery", "rowid": [SENT, FAILED, "gone"]})

    assert [one for one, _ in retried] == [FAILED]
    assert "1 done, 2 refused" in page.text
    assert "This mail was sent already." in page.text
    assert "not there any more" in page.text
    assert len(mesh.asked("BatchGetDeliveries")) == 1, "one read for all rows"
    assert mesh.asked("GetDelivery") == []


def test_a_repeated_click_carries_the_same_request_id(sign_in, retried):
    admin = sign_in("admin")
    admin.get(f"/deliveries/{FAILED}")

    for _ in range(2):
        admin.post(f"/deliveries/{FAILED}/actions/retry-delivery", {"request_key": "same"})

    assert len({request_id for _, request_id in retried}) == 1


def test_an_unknown_action_is_not_found(sign_in):
    admin = sign_in("admin")
    admin.get("/deliveries/")

    assert admin.post("/deliveries/actions", {"action": "drop"}).status_code == 404
    assert admin.post(f"/deliveries/{FAILED}/actions/drop").status_code == 404


class FailedOnly(Panel):
    resource = Delivery
    base_filters = [["state", FilterEqual, "DELIVERY_STATE_FAILED"]]  # noqa: RUF012


class ActiveOnly(Panel):
    resource = Station
    base_filters = [["active", FilterEqual, "true"]]  # noqa: RUF012


@pytest.fixture
def narrow(served, mesh):
    """An admin user of an application whose panels hide rows."""
    app = create_app(
        settings_for(served[0].extensions["logins"].url.database and _folder(served), mesh.port),
        panels=[FailedOnly, ActiveOnly],
    )
    person = Person(app.test_client())
    person.get("/login/")
    person.post("/login/", {"username": "admin", "password": PASSWORD})
    yield person
    app.extensions["mesh"].close()
    app.extensions["logins"].dispose()


def _folder(served):
    from pathlib import Path

    return Path(served[0].extensions["logins"].url.database).parent


def test_rows_outside_a_panels_base_filters_can_be_neither_read_nor_changed_nor_acted_on(narrow, mesh, retried):
    """Flask-AppBuilder's actions skip base_filters: a hidden row could be acted on."""
    hidden = memory_data.ident("station", 10)
    narrow.get("/stations/")

    assert narrow.get(f"/deliveries/{SENT}").status_code == 404
    assert narrow.post(f"/deliveries/{SENT}/actions/retry-delivery").status_code == 404
    page = narrow.post("/deliveries/actions", {"action": "retry-delivery", "rowid": [SENT, FAILED]})
    assert [one for one, _ in retried] == [FAILED]
    assert "not yours to see" in page.text
    assert narrow.get(f"/stations/{hidden}/edit").status_code == 404
    assert narrow.post(f"/stations/{hidden}/delete").status_code == 404
    assert hidden in mesh.rows[Station.DESCRIPTOR.full_name]
    assert [list(each.values) for each in mesh.asked("ListStations")[-1].query.filters] == [["true"]]
