"""A contract for tests of the chassis: echoes, streams, and one service whose access option was forgotten."""

import threading

from fieldmesh.ui.v1 import options_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from services.chassis.errors import InvalidRequest, NotFound, Unavailable, Violation
from services.chassis.identity import current_call, current_caller

PACKAGE = "fieldmesh.probe.v1"


def _build():
    file = descriptor_pb2.FileDescriptorProto(
        name="fieldmesh/probe/v1/probe.proto",
        package=PACKAGE,
        syntax="proto3",
        dependency=["fieldmesh/ui/v1/options.proto"],
    )
    echo = file.message_type.add(name="Echo")
    for number, field in enumerate(("text", "request_id"), 1):
        echo.field.add(name=field, number=number, type=9, label=1)
    probe = file.service.add(name="ProbeService")
    access = probe.options.Extensions[options_pb2.access]
    access.read.extend(["partner", "admin", "service"])
    access.write.extend(["partner", "service"])
    for name, sends, receives in (
        ("GetEcho", False, False),
        ("CreateEcho", False, False),
        ("Finish", False, False),
        ("PreviewEcho", False, False),
        ("ReadEchoes", False, True),
        ("UploadEchoes", True, False),
    ):
        method = probe.method.add(
            name=name,
            input_type=f".{PACKAGE}.Echo",
            output_type=f".{PACKAGE}.Echo",
            client_streaming=sends,
            server_streaming=receives,
        )
        if name == "Finish":
            method.options.Extensions[options_pb2.method_access].write.append("partner")
        if name == "PreviewEcho":
            method.options.idempotency_level = descriptor_pb2.MethodOptions.NO_SIDE_EFFECTS
    forgotten = file.service.add(name="ForgottenService")
    forgotten.method.add(name="GetEcho", input_type=f".{PACKAGE}.Echo", output_type=f".{PACKAGE}.Echo")
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    return pool.FindFileByName(file.name)


FILE = _build()
PROBE = FILE.services_by_name["ProbeService"]
FORGOTTEN = FILE.services_by_name["ForgottenService"]
Echo = message_factory.GetMessageClass(FILE.message_types_by_name["Echo"])


class ProbeServicer:
    """Does what the text asks for."""

    def __init__(self, relay=None):
        self.calls = []
        self.released = threading.Event()
        self.relay = relay

    def GetEcho(self, request, context):  # noqa: N802
        call = current_call()
        self.calls.append(call)
        caller = call.caller
        if request.text == "who":
            return Echo(text=f"{caller.subject}|{'+'.join(sorted(caller.roles))}|{caller.acting_service}")
        if request.text == "missing":
            raise NotFound("No such row.", reason="ROW_NOT_FOUND", metadata={"row": "r-1"})
        if request.text == "invalid":
            raise InvalidRequest("Look again.", violations=[Violation("ship_to.city", "is required")])
        if request.text == "bug":
            raise ZeroDivisionError("secret detail")
        if request.text == "storage":
            raise Unavailable("The database does not answer; try again.")
        if request.text == "wait":
            self.released.wait(10)
        if request.text == "remaining":
            return Echo(text=f"{call.remaining:.3f}")
        if request.text.startswith("relay:"):
            return self.relay(Echo(text=request.text.removeprefix("relay:")))
        return Echo(text=request.text, request_id=call.request_id)

    CreateEcho = PreviewEcho = Finish = GetEcho

    def ReadEchoes(self, request, context):  # noqa: N802
        yield Echo(text=current_caller().subject)
        if request.text == "hold":
            while context.is_active() and not self.released.wait(0.02):
                pass
        if request.text == "bug":
            raise ZeroDivisionError("secret detail")
        yield Echo(text=current_caller().subject)

    def UploadEchoes(self, requests, context):  # noqa: N802
        return Echo(text="".join(part.text for part in requests))


class ProbeStub:
    """What protoc would generate."""

    def __init__(self, channel, service=PROBE):
        for method in service.methods:
            kind = ("stream" if method.client_streaming else "unary", "stream" if method.server_streaming else "unary")
            make = getattr(channel, "_".join(kind))
            path = f"/{service.full_name}/{method.name}"
            call = make(path, request_serializer=Echo.SerializeToString, response_deserializer=Echo.FromString)
            setattr(self, method.name, call)
