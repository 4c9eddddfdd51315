"""The chassis over real sockets: identity, access, errors, budgets, limits (hard-parts 5, 13, 18)."""

import threading
import time

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status

from services.chassis.errors import Exhausted, InvalidRequest, NotAllowed, NotFound, Unavailable
from services.chassis.grpc_channel import RESERVE_SECONDS, SHARE_OF_SERVED
from services.chassis.grpc_server import PortTaken, RpcServer, ServerLimits
from services.chassis.identity import Call, Caller, as_service, browser_call, calling, service_caller
from services.chassis.keys import PublicKeys, signing_key
from services.chassis.metrics import RpcMetrics
from services.chassis.tokens import TokenSigner, TokenVerifier, UserGrant
from services.chassis.unit_of_work import RemoteCallInUnitOfWork, open_unit
from tests.support.patience import eventually

from .probe import FORGOTTEN, PROBE, Echo, ProbeServicer, ProbeStub

DISPATCHER = UserGrant("p-2", "Dana", frozenset({"dispatcher"}))
ADMIN = UserGrant("p-3", "Ada", frozenset({"admin"}))
CLOCKS_APART = 0.05  # seconds: how a deadline is rounded on its way


def plain(server):
    return grpc.insecure_channel(server.address)


def refused(call, *args, **kwargs):
    with pytest.raises(grpc.RpcError) as error:
        call(*args, timeout=5, **kwargs)
    return error.value


def reason(error):
    info = error_details_pb2.ErrorInfo()
    rpc_status.from_call(error).details[0].Unpack(info)
    return info.metadata.get("cause", info.reason)


# identity


def test_a_call_without_a_token_is_refused(start):
    with plain(start()) as channel:
        error = refused(ProbeStub(channel).GetEcho, Echo(text="who"))

    assert error.code() is grpc.StatusCode.UNAUTHENTICATED
    assert reason(error) == "TOKEN_MISSING"


@pytest.mark.parametrize("header", ["", "Bearer", "Basic eA==", "Bearer not.a.token", "bearer x"])
def test_a_header_that_is_no_token_is_refused(start, header):
    with plain(start()) as channel:
        error = refused(ProbeStub(channel).GetEcho, Echo(text="who"), metadata=[("authorization", header)])

    assert error.code() is grpc.StatusCode.UNAUTHENTICATED


def test_a_token_for_another_service_is_refused(start, keys_folder):
    token = TokenSigner(signing_key(keys_folder, "admin")).user_token(ADMIN, "shipping")

    with plain(start("workorders")) as channel:
        error = refused(ProbeStub(channel).GetEcho, Echo(), metadata=[("authorization", f"Bearer {token}")])

    assert reason(error) == "TOKEN_REFUSED"


def test_the_caller_is_who_the_token_names(start, person):
    stub = person(start()).stub(ProbeStub, "workorders")

    assert stub.GetEcho(Echo(text="who")).text == "p-1|partner|"


def test_a_service_that_acts_for_a_user_has_the_users_roles_and_its_own_name(start, person, service):
    shipping = start("shipping")
    channels = service({"shipping": shipping.address})
    workorders = start("workorders", ProbeServicer(lambda e: channels.stub(ProbeStub, "shipping").GetEcho(e)))

    answer = person(workorders).stub(ProbeStub, "workorders").GetEcho(Echo(text="relay:who"))

    assert answer.text == "p-1|partner|workorders"


def test_what_only_people_may_do_a_service_cannot_do_for_them(start, person, service):
    shipping = start("shipping")
    channels = service({"shipping": shipping.address})
    workorders = start("workorders", ProbeServicer(lambda e: channels.stub(ProbeStub, "shipping").Finish(e)))
    stub = person(workorders).stub(ProbeStub, "workorders")

    assert stub.Finish(Echo(text="who")).text == "p-1|partner|"
    with pytest.raises(NotAllowed):
        stub.GetEcho(Echo(text="relay:who"))


def test_what_only_services_may_do_a_user_cannot_do_through_one(start, person, service):
    """Admins may read here but not write; services may do both."""
    shipping = start("shipping")
    channels = service({"shipping": shipping.address})
    workorders = start("workorders", ProbeServicer(lambda e: channels.stub(ProbeStub, "shipping").CreateEcho(e)))
    with calling(Call(service_caller("workorders"), "r-1")):
        assert channels.stub(ProbeStub, "shipping").CreateEcho(Echo(text="who")).text == "service:workorders|service|"

    with pytest.raises(NotAllowed):
        person(workorders, ADMIN).stub(ProbeStub, "workorders").GetEcho(Echo(text="relay:who"))


def test_a_service_may_call_as_itself_within_a_users_call_and_keeps_the_budget(start, person, service):
    shipping = start("shipping")
    channels = service({"shipping": shipping.address})

    def relay(echo):
        with as_service("workorders"):
            return channels.stub(ProbeStub, "shipping").CreateEcho(echo)

    stub = person(start("workorders", ProbeServicer(relay)), ADMIN).stub(ProbeStub, "workorders")

    assert stub.GetEcho(Echo(text="relay:who")).text == "service:workorders|service|"
    assert float(stub.GetEcho(Echo(text="relay:remaining")).text) < 7.9


def test_a_user_cannot_act_for_another_user(start, keys_folder):
    signer = TokenSigner(signing_key(keys_folder, "admin"))
    metadata = [
        ("authorization", f"Bearer {signer.user_token(DISPATCHER, 'workorders')}"),
        ("x-fieldmesh-user", signer.user_token(ADMIN, "workorders")),
    ]

    with plain(start()) as channel:
        error = refused(ProbeStub(channel).GetEcho, Echo(), metadata=metadata)

    assert reason(error) == "TOKEN_OVERREACHES"


def test_a_service_cannot_use_a_users_token_that_was_meant_for_another_service(start, keys_folder):
    user = TokenSigner(signing_key(keys_folder, "admin")).user_token(ADMIN, "technicians")
    metadata = [
        ("authorization", f"Bearer {TokenSigner(signing_key(keys_folder, 'shipping')).service_token('workorders')}"),
        ("x-fieldmesh-user", user),
    ]

    with plain(start()) as channel:
        error = refused(ProbeStub(channel).GetEcho, Echo(), metadata=metadata)

    assert error.code() is grpc.StatusCode.UNAUTHENTICATED


# access


def test_a_role_that_the_contract_does_not_name_is_refused(start, person):
    with pytest.raises(NotAllowed) as refusal:
        person(start(), DISPATCHER).stub(ProbeStub, "workorders").GetEcho(Echo())

    assert refusal.value.reason == "ROLE_NOT_ALLOWED"


def test_reading_does_not_allow_writing(start, person):
    stub = person(start(), ADMIN).stub(ProbeStub, "workorders")

    assert stub.GetEcho(Echo(text="a")).text == "a"
    assert stub.PreviewEcho(Echo(text="a")).text == "a"
    with pytest.raises(NotAllowed):
        stub.CreateEcho(Echo(text="a"))


def test_a_contract_without_access_options_is_refused_at_start(keys_folder):
    server = RpcServer(
        "127.0.0.1:0",
        ServerLimits.main(4),
        TokenVerifier("workorders", PublicKeys(keys_folder)),
        RpcMetrics("workorders"),
    )

    with pytest.raises(ValueError, match=r"ForgottenService: no access option covers GetEcho"):
        server.add_servicer(FORGOTTEN, ProbeServicer())


def test_a_method_without_access_options_answers_nobody(start, person):
    server = start()
    handler = grpc.unary_unary_rpc_method_handler(
        lambda request, context: Echo(),
        request_deserializer=Echo.FromString,
        response_serializer=Echo.SerializeToString,
    )
    server._server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(FORGOTTEN.full_name, {"GetEcho": handler}),)
    )

    stub = ProbeStub(person(server, ADMIN).channel("workorders"), FORGOTTEN)
    with pytest.raises(NotAllowed):
        stub.GetEcho(Echo())


def test_health_and_reflection_are_open_and_know_every_service(start):
    server = start()
    with plain(server) as channel:
        check = health_pb2_grpc.HealthStub(channel).Check
        answers = [
            check(health_pb2.HealthCheckRequest(service=name), timeout=5).status for name in ("", PROBE.full_name)
        ]
        names = ProtoReflectionDescriptorDatabase(channel).get_services()

    assert answers == [health_pb2.HealthCheckResponse.SERVING] * 2
    assert {PROBE.full_name, "grpc.health.v1.Health"} <= set(names)


# errors


def test_a_refusal_arrives_with_its_reason_and_metadata(start, person):
    with pytest.raises(NotFound) as refusal:
        person(start()).stub(ProbeStub, "workorders").GetEcho(Echo(text="missing"))

    assert (str(refusal.value), refusal.value.reason) == ("No such row.", "ROW_NOT_FOUND")
    assert refusal.value.metadata == {"row": "r-1"}


def test_wrong_fields_arrive_by_path(start, person):
    with pytest.raises(InvalidRequest) as refusal:
        person(start()).stub(ProbeStub, "workorders").GetEcho(Echo(text="invalid"))

    (violation,) = refusal.value.violations
    assert (violation.field, violation.description) == ("ship_to.city", "is required")


@pytest.mark.parametrize("method", ["GetEcho", "ReadEchoes"])
def test_a_bug_answers_an_incident_id_and_no_detail(start, keys_folder, method):
    token = TokenSigner(signing_key(keys_folder, "admin")).user_token(ADMIN, "workorders")
    with plain(start()) as channel:
        call = getattr(ProbeStub(channel), method)
        run = call if method == "GetEcho" else lambda *a, **k: list(call(*a, **k))
        error = refused(run, Echo(text="bug"), metadata=[("authorization", f"Bearer {token}")])

    assert error.code() is grpc.StatusCode.INTERNAL
    assert "secret" not in error.details()
    info = error_details_pb2.ErrorInfo()
    rpc_status.from_call(error).details[0].Unpack(info)
    assert info.metadata["incident"] in error.details()
    assert (info.reason, info.domain) == ("INTERNAL", "workorders.fieldmesh")


def test_a_service_that_is_gone_is_unavailable_without_addresses(start, person):
    server = start()
    channels = person(server)
    server.stop(0).wait(5)

    with pytest.raises(Unavailable) as refusal:
        channels.stub(ProbeStub, "workorders").GetEcho(Echo())
    assert refusal.value.metadata == {"service": "workorders"}
    assert "127.0.0.1" not in str(refusal.value)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("bug", "The shipping service failed over this."),
        ("storage", "The shipping service is not available at the moment: the database does not answer; try again."),
        ("gone", "The shipping service does not answer; try again."),
    ],
)
def test_a_service_that_fails_behind_another_is_named_to_the_one_in_front(start, person, service, asked, words):
    shipping = start("shipping")
    channels = service({"shipping": shipping.address})
    workorders = start("workorders", ProbeServicer(lambda e: channels.stub(ProbeStub, "shipping").GetEcho(e)))
    if asked == "gone":
        shipping.stop(0).wait(5)

    with pytest.raises(Unavailable) as refusal:
        person(workorders).stub(ProbeStub, "workorders").GetEcho(Echo(text=f"relay:{asked}"))

    assert str(refusal.value) == words
    assert refusal.value.metadata["service"] == "shipping"


# budgets and retries


def test_every_call_has_a_deadline(start, person):
    stub = person(start()).stub(ProbeStub, "workorders")
    began = time.monotonic()
    remaining = float(stub.GetEcho(Echo(text="remaining")).text)

    assert 8 - (time.monotonic() - began) - CLOCKS_APART <= remaining <= 8 + CLOCKS_APART


def test_a_callee_gets_a_share_of_what_remains_minus_a_reserve(start, person, service):
    shipping = start("shipping")
    channels = service({"shipping": shipping.address})
    workorders = start("workorders", ProbeServicer(lambda e: channels.stub(ProbeStub, "shipping").GetEcho(e)))

    began = time.monotonic()
    with browser_call(Caller("p-1"), "r-1", seconds=5):
        answer = person(workorders).stub(ProbeStub, "workorders").GetEcho(Echo(text="relay:remaining"))

    at_best = (5 - 2 * RESERVE_SECONDS) * SHARE_OF_SERVED
    assert at_best - (time.monotonic() - began) - CLOCKS_APART <= float(answer.text) <= at_best + CLOCKS_APART


def test_without_time_left_nobody_is_asked(start, person):
    servicer = ProbeServicer()
    stub = person(start(servicer=servicer)).stub(ProbeStub, "workorders")

    with calling(Call(Caller("p-1"), "r-1", deadline=time.monotonic() + 0.1)), pytest.raises(Unavailable) as refusal:
        stub.GetEcho(Echo())

    assert refusal.value.metadata == {"cause": "NO_TIME_LEFT", "service": "workorders"}
    assert "workorders" in str(refusal.value)
    assert servicer.calls == []


def test_a_request_id_travels_through_the_chain(start, person, service):
    shipping = start("shipping")
    channels = service({"shipping": shipping.address})
    workorders = start("workorders", ProbeServicer(lambda e: channels.stub(ProbeStub, "shipping").GetEcho(e)))

    with browser_call(Caller("p-1"), "r-42"):
        answer = person(workorders).stub(ProbeStub, "workorders").GetEcho(Echo(text="relay:x"))

    assert answer.request_id == "r-42"


def test_an_unprintable_request_id_is_replaced(start, keys_folder):
    token = TokenSigner(signing_key(keys_folder, "admin")).user_token(ADMIN, "workorders")
    metadata = [("authorization", f"Bearer {token}"), ("x-request-id", "a b; drop")]
    with plain(start()) as channel:
        answer = ProbeStub(channel).GetEcho(Echo(text="x"), timeout=5, metadata=metadata)

    assert answer.request_id != "a b; drop"


class Flaky(ProbeServicer):
    """Unavailable the first time."""

    def GetEcho(self, request, context):  # noqa: N802
        self.calls.append(request)
        if len(self.calls) == 1:
            raise Unavailable("Not now.")
        return Echo(text="at last")

    CreateEcho = GetEcho


@pytest.mark.parametrize(
    ("method", "request_id", "tries"), [("GetEcho", "", 2), ("CreateEcho", "r-1", 2), ("CreateEcho", "", 1)]
)
def test_only_reads_and_writes_with_a_request_id_are_tried_again(start, person, method, request_id, tries):
    servicer = Flaky()
    call = getattr(person(start(servicer=servicer)).stub(ProbeStub, "workorders"), method)

    if tries == 1:
        with pytest.raises(Unavailable):
            call(Echo(request_id=request_id))
    else:
        assert call(Echo(request_id=request_id)).text == "at last"

    assert len(servicer.calls) == tries


def test_only_the_outermost_caller_tries_again(start, person, service):
    inner = Flaky()
    shipping = start("shipping", inner)
    channels = service({"shipping": shipping.address})
    outer = ProbeServicer(lambda e: channels.stub(ProbeStub, "shipping").CreateEcho(e))
    stub = person(start("workorders", outer)).stub(ProbeStub, "workorders")

    with pytest.raises(Unavailable):
        stub.CreateEcho(Echo(text="relay:x"))

    assert len(inner.calls) == 1


def test_a_remote_call_inside_a_unit_of_work_raises(start, person):
    servicer = ProbeServicer()
    stub = person(start(servicer=servicer)).stub(ProbeStub, "workorders")

    with open_unit(object()), pytest.raises(RemoteCallInUnitOfWork):
        stub.GetEcho(Echo())

    assert servicer.calls == []


# streams and limits


def test_a_stream_knows_its_caller_from_the_first_answer_to_the_last(start, person):
    stub = person(start()).stub(ProbeStub, "workorders")

    assert [echo.text for echo in stub.ReadEchoes(Echo())] == ["p-1", "p-1"]
    assert stub.UploadEchoes(iter([Echo(text="a"), Echo(text="b")])).text == "ab"


def test_streams_hold_at_most_a_quarter_of_the_pool(start, person):
    servicer = ProbeServicer()
    stub = person(start(servicer=servicer, workers=8)).stub(ProbeStub, "workorders")
    held = [stub.ReadEchoes(Echo(text="hold")) for _ in range(2)]
    for stream in held:
        next(stream)

    with pytest.raises(Exhausted) as refusal:
        next(stub.ReadEchoes(Echo()))
    assert refusal.value.reason == "TOO_MANY_STREAMS"
    assert stub.GetEcho(Echo(text="still here")).text == "still here"

    servicer.released.set()
    for stream in held:
        assert len(list(stream)) == 1
    assert len(list(stub.ReadEchoes(Echo()))) == 2


def test_idle_reflection_streams_do_not_stop_health_checks(start):
    """Sixteen idle streams on a naive pool of sixteen made even health time out."""
    from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

    server = start(workers=8)
    over = threading.Event()

    def silence():
        yield reflection_pb2.ServerReflectionRequest(list_services="")
        over.wait(10)

    with plain(server) as channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        streams = [stub.ServerReflectionInfo(silence()) for _ in range(12)]
        opened = [stream for stream in streams if _opened(stream)]
        answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=3)
        over.set()

    assert len(opened) == 2
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def _opened(stream):
    try:
        next(stream)
    except grpc.RpcError as error:
        return error.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED
    return True


def test_a_slot_is_free_again_after_its_caller_left(start, person):
    stub = person(start(workers=4)).stub(ProbeStub, "workorders")
    for _ in range(3):
        stream = stub.ReadEchoes(Echo(text="hold"))
        next(stream)
        stream.cancel()
        eventually(lambda: len(list(stub.ReadEchoes(Echo()))) == 2, excusing=Exhausted)


def test_beyond_the_limit_of_calls_a_caller_is_told_at_once(start, person):
    servicer = ProbeServicer()
    server = start(servicer=servicer, workers=4)
    stub = person(server).stub(ProbeStub, "workorders")
    threads = [threading.Thread(target=lambda: stub.GetEcho(Echo(text="wait"))) for _ in range(32)]
    for thread in threads:
        thread.start()
    eventually(lambda: len(servicer.calls) >= 4)
    time.sleep(0.3)

    with pytest.raises(Exhausted):
        stub.GetEcho(Echo())

    servicer.released.set()
    for thread in threads:
        thread.join()


def test_a_taken_port_is_one_clear_error(start, keys_folder):
    server = start()
    second = RpcServer(
        server.address,
        ServerLimits.main(4),
        TokenVerifier("workorders", PublicKeys(keys_folder)),
        RpcMetrics("workorders"),
    )

    with pytest.raises(PortTaken, match=server.address):
        second.start()


def test_calls_are_counted_by_method_and_code(start, person):
    server = start()
    stub = person(server).stub(ProbeStub, "workorders")
    stub.GetEcho(Echo())
    with pytest.raises(NotFound):
        stub.GetEcho(Echo(text="missing"))

    def count(code):
        labels = {"method": f"{PROBE.full_name}/GetEcho", "code": code}
        return server.metrics.registry.get_sample_value("fieldmesh_rpc_calls_total", labels)

    eventually(lambda: count("OK") == 1)
    eventually(lambda: count("NOT_FOUND") == 1)
    eventually(lambda: server.metrics.registry.get_sample_value("fieldmesh_rpc_running") == 0)


def test_stopping_turns_health_and_lets_work_in_flight_finish(start, person):
    servicer = ProbeServicer()
    server = start(servicer=servicer)
    stub = person(server).stub(ProbeStub, "workorders")
    answers = []
    thread = threading.Thread(target=lambda: answers.append(stub.GetEcho(Echo(text="wait")).text))
    thread.start()
    eventually(lambda: len(servicer.calls) == 1)

    stopped = server.stop(5)
    servicer.released.set()

    assert stopped.wait(5)
    thread.join()
    assert answers == ["wait"]
    assert server.draining.is_set()
