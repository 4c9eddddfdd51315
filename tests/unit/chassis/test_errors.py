"""Refusals and their Status, there and back."""

from collections.abc import Mapping, Sequence

import grpc
import pytest
from google.rpc import code_pb2, status_pb2
from grpc_status import rpc_status

from services.chassis import errors


class TechnicianNotQualified(Exception):
    """A refusal as a domain package defines it: same attributes, no import."""

    kind = "state"
    reason = "TECHNICIAN_NOT_QUALIFIED"

    def __init__(self) -> None:
        super().__init__("Ada lacks a certification.")
        self.metadata: Mapping[str, str] = {"technician": "ada"}
        self.violations: Sequence[errors.Violation] = ()


class FakeCall(grpc.RpcError, grpc.Call):
    """An RpcError as a channel raises it, made from a Status."""

    def __init__(self, status):
        self._status = rpc_status.to_status(status)

    def code(self):
        return self._status.code

    def details(self):
        return self._status.details

    def trailing_metadata(self):
        return self._status.trailing_metadata

    def initial_metadata(self):
        return ()

    def is_active(self):
        return False

    def time_remaining(self):
        return None

    def cancel(self):
        return False

    def add_callback(self, callback):
        return False


FakeCall.__abstractmethods__ = frozenset()


@pytest.mark.parametrize("kind", sorted(errors.CODES.keys() - {"unavailable"}))
def test_every_kind_comes_back_as_the_same_kind(kind):
    refusal_class = next(each for each in errors.Refusal.__subclasses__() if each.kind == kind)
    refusal = refusal_class("No.", reason="A_REASON", metadata={"a": "b"}, violations=[errors.Violation("x.y", "bad")])

    back = errors.remote_refusal(FakeCall(errors.refusal_status(refusal)), "shipping")

    assert type(back) is refusal_class
    assert (back.kind, back.reason, back.message) == (kind, "A_REASON", "No.")
    assert back.metadata == {"a": "b"}
    assert back.violations == (errors.Violation("x.y", "bad"),)


def test_a_refusal_of_a_domain_package_is_recognised_by_its_attributes():
    status = errors.refusal_status(TechnicianNotQualified())

    assert status.code == code_pb2.FAILED_PRECONDITION
    back = errors.remote_refusal(FakeCall(status), "shipping")
    assert back.reason == "TECHNICIAN_NOT_QUALIFIED"
    assert back.metadata == {"technician": "ada"}


def test_a_bug_is_no_refusal():
    assert not errors.is_refusal(KeyError("x"))

    with pytest.raises(TypeError):
        errors.refusal_status(KeyError("x"))


def test_a_bug_over_there_is_unavailable_here():
    status = errors.refusal_status(errors.WrongState("x"))
    status.code = code_pb2.INTERNAL

    back = errors.remote_refusal(FakeCall(status), "shipping")

    assert (back.kind, back.reason) == ("unavailable", "REMOTE_FAILURE")
    assert back.message == "The shipping service failed over this."
    assert back.metadata == {"service": "shipping", "code": "INTERNAL"}


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (code_pb2.UNAVAILABLE, "The shipping service does not answer; try again."),
        (code_pb2.DEADLINE_EXCEEDED, "The shipping service did not answer in time; try again."),
    ],
)
def test_a_service_that_is_not_there_is_named_without_its_address(code, words):
    status = status_pb2.Status(code=code, message="failed to connect to ipv4:127.0.0.1:50051")

    back = errors.remote_refusal(FakeCall(status), "shipping")

    assert (back.kind, back.reason) == ("unavailable", "SERVICE_UNAVAILABLE")
    assert (back.message, back.metadata) == (words, {"service": "shipping"})


def test_what_a_service_lacks_is_said_with_its_name():
    status = errors.refusal_status(errors.Unavailable("The database does not answer; try again.", metadata={"a": "b"}))

    back = errors.remote_refusal(FakeCall(status), "shipping")

    assert type(back) is errors.Unavailable
    assert back.message == (
        "The shipping service is not available at the moment: the database does not answer; try again."
    )
    assert back.metadata == {"a": "b", "service": "shipping"}


def test_the_service_that_is_away_keeps_its_name_however_often_it_is_passed_on():
    away = errors.remote_refusal(FakeCall(status_pb2.Status(code=code_pb2.UNAVAILABLE)), "shipping")

    back = errors.remote_refusal(FakeCall(errors.refusal_status(away)), "workorders")

    assert back.message == "The shipping service does not answer; try again."
    assert back.metadata == {"service": "shipping"}
