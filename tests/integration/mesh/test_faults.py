"""Services killed and brokers cut while people work: nothing lost, nothing doubled, order kept.

`make test` kills services 25 times with SIGKILL: here 1 + 1 and, under load, 6; in chassis/test_kills.py 5 + 3; on two
stacks each (1 + 2) in notifications/test_service.py and 1 in shipping/test_process.py; 1 in mesh/test_restore.py.
FIELDMESH_TEST_KILLS sets how many there are under load here: `make soak` makes it 100.
"""

import os
import random
import threading
import time
from urllib.parse import urlsplit, urlunsplit

import pytest
from fieldmesh.shipping.v1 import (
    fulfilment_order_pb2,
    fulfilment_order_pb2_grpc,
    parts_request_pb2,
    parts_request_pb2_grpc,
)

from services.chassis.errors import Refusal
from services.cli.demo.calls import of_order
from tests.support.mesh import mesh
from tests.support.patience import eventually
from tests.support.proxy import Proxy
from tests.support.stage import ACCEPTANCE, filled

ORDERS = 8
KILLS = int(os.environ.get("FIELDMESH_TEST_KILLS") or 6)
KILL_SECONDS = 20
MEGAN = "megan.castellano@bluefern.example.com"
pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("faults")]


@pytest.fixture(scope="module")
def embedded(tmp_path_factory):
    with mesh(tmp_path_factory.mktemp("faults")) as running, filled(running) as made:
        yield made


def counts(stage, order_id):
    """How many requests for parts and fulfilment orders there are for an order."""
    stage.desk.become("dana")
    query = of_order(order_id)
    requests = stage.channels.stub(parts_request_pb2_grpc.PartsRequestServiceStub, "shipping").ListPartsRequests(
        parts_request_pb2.ListPartsRequestsRequest(query=query)
    )
    placed = stage.channels.stub(fulfilment_order_pb2_grpc.FulfilmentOrderServiceStub, "shipping").ListFulfilmentOrders(
        fulfilment_order_pb2.ListFulfilmentOrdersRequest(query=query)
    )
    return len(requests.parts_requests), len(placed.fulfilment_orders)


def allocation_mails(stage, number):
    return [mail for mail in stage.mailbox.to(MEGAN) if number in mail["Subject"] and "allocated" in mail["Subject"]]


@pytest.mark.req("CP-71")
def test_shipping_killed_between_accept_and_order_places_it_once_when_it_is_back(embedded):
    order_id = embedded.allocated()
    embedded.settle()

    embedded.running.kill("shipping")
    embedded.desk.fire("megan", order_id, "accept", ACCEPTANCE)
    assert embedded.order(order_id).state == "ship_to_received"
    embedded.running.start("shipping")

    eventually(lambda: embedded.order(order_id).fulfilment.order_number)
    embedded.settle()
    assert embedded.order(order_id).state == "parts_ordered"
    assert counts(embedded, order_id) == (1, 1)


def test_mails_wait_for_notifications_and_go_out_once(embedded):
    embedded.running.kill("notifications")
    order_id = embedded.allocated()
    number = embedded.order(order_id).number
    time.sleep(2)
    assert allocation_mails(embedded, number) == []

    embedded.running.start("notifications")
    eventually(lambda: allocation_mails(embedded, number))
    embedded.settle()
    time.sleep(1)
    assert len(allocation_mails(embedded, number)) == 1


def test_a_mail_server_that_is_gone_loses_no_mail(embedded):
    embedded.mailbox.close()
    order_id = embedded.allocated()
    number = embedded.order(order_id).number
    time.sleep(3)

    embedded.mailbox.open()
    eventually(lambda: allocation_mails(embedded, number))
    time.sleep(1)
    assert len(allocation_mails(embedded, number)) == 1


@pytest.mark.timeout(600 + KILLS * KILL_SECONDS)
def test_kills_under_load_lose_nothing_and_double_nothing(embedded):
    """Any service at any moment, FIELDMESH_TEST_KILLS times (6 unless set), while orders are accepted all the time."""
    chance = random.Random(7)  # noqa: S311 - which process dies next is no secret
    acknowledged, over = [], threading.Event()

    def work():
        while not over.is_set():
            try:
                order_id = embedded.allocated()
                embedded.desk.fire("megan", order_id, "accept", ACCEPTANCE)
            except Refusal:
                time.sleep(0.2)  # a service is away; the person tries again with a new order
                continue
            acknowledged.append(order_id)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.5, 2))
            service = chance.choice(["workorders", "shipping", "technicians", "notifications"])
            embedded.running.kill(service)
            embedded.running.start(service)
        eventually(lambda: len(acknowledged) >= ORDERS)
    finally:
        over.set()
        worker.join(60)
    assert not worker.is_alive()

    for order_id in acknowledged:
        eventually(lambda one=order_id: embedded.order(one).fulfilment.order_number)
    embedded.settle()
    for order_id in acknowledged:
        assert embedded.order(order_id).state == "parts_ordered"
        assert counts(embedded, order_id) == (1, 1)
        assert embedded.states(order_id) == ["Unallocated", "Assigned", "Ship-To Received", "Parts Ordered"]
    verified = embedded.running.fieldmesh("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_a_broker_cut_off_under_load_delays_and_loses_nothing(tmp_path):
    proxies = []

    def through_proxy(address):
        parts = urlsplit(address)
        proxies.append(Proxy(parts.hostname, parts.port or 5672))
        place = f"{parts.username}:{parts.password}@127.0.0.1:{proxies[0].port}"
        return urlunsplit(parts._replace(netloc=place))

    with mesh(tmp_path, size="grown", broker=through_proxy) as running, filled(running) as stage:
        first = stage.accepted()
        proxies[0].cut()
        during = [stage.allocated() for _ in range(3)]
        for order_id in during:
            stage.desk.fire("megan", order_id, "accept", ACCEPTANCE)
        time.sleep(2)
        assert all(stage.order(order_id).state == "ship_to_received" for order_id in during)

        proxies[0].mend()
        for order_id in (first, *during):
            eventually(lambda one=order_id: stage.order(one).fulfilment.order_number)
            assert counts(stage, order_id) == (1, 1)
            number = stage.order(order_id).number
            eventually(lambda one=number: allocation_mails(stage, one))
            assert len(allocation_mails(stage, number)) == 1
    proxies[0].close()
