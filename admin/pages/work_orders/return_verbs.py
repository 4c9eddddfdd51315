"""What may be done with a return: the methods of shipping's desk, each with its button and what its page asks for."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from fieldmesh.shipping.v1 import rma_pb2, rma_service_pb2

from admin.grpcfab import spec
from admin.grpcfab.context import viewer_roles
from admin.grpcfab.forms import ResourceForm, form_class
from services.chassis.access import allowed_roles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.protobuf.descriptor import MethodDescriptor

METHODS: Final = rma_service_pb2.DESCRIPTOR.services_by_name["RmaDeskService"].methods_by_name
RAISE: Final = METHODS["RaiseRma"]
UNPROVED: Final = frozenset({rma_pb2.RMA_STATE_REQUESTED, rma_pb2.RMA_STATE_LABEL_SENT})
_OPEN: Final = UNPROVED | {rma_pb2.RMA_STATE_SHIPPED}
_ASKING: Final = frozenset({"dispatcher", "admin"})
RECEIVED: Final = rma_pb2.RMA_STATE_RECEIVED


@dataclasses.dataclass(frozen=True)
class Verb:
    """Something to do with a return: a method of shipping's desk with the inputs that its page asks for."""

    name: str
    method: MethodDescriptor
    label: str
    icon: str
    states: frozenset[int]
    inputs: tuple[str, ...]
    help: str
    done: str
    form: type[ResourceForm]
    danger: bool = False

    @property
    def allowed(self) -> bool:
        """Whether a role of the viewer may call it at all; the service decides for each return."""
        return bool(allowed_roles(self.method) & viewer_roles())


def _verb(  # noqa: PLR0913, PLR0917 - what a verb is made of
    name: str,
    method: str,
    label: str,
    icon: str,
    states: frozenset[int],
    inputs: tuple[str, ...],
    *,
    help: str,  # noqa: A002 - as it stands beside the input
    done: str,
    required: bool = False,
    danger: bool = False,
) -> Verb:
    found = METHODS[method]
    fields = {field.name: field for field in spec.fields_of(found.input_type)}
    asked = [dataclasses.replace(fields[each], required=required) for each in inputs]
    form = form_class(asked, f"{method}Form")
    return Verb(name, found, label, icon, states, inputs, help, done, form, danger)


VERBS: Final[Mapping[str, Verb]] = {
    verb.name: verb
    for verb in (
        _verb(
            "proof", "RecordReturnProof", "Record proof of return", "patch-check", _OPEN,
            ("carrier", "tracking_number"),
            help="A tracking number of the way back, or a file such as a picture of the receipt. Either is enough.",
            done="The proof of return was recorded.",
        ),
        _verb(
            "label", "SendReturnLabel", "Send label", "tag", UNPROVED, ("carrier", "tracking_number"), required=True,
            help="Tells the partner of a label that you pay.", done="The partner is told of the label.",
        ),
        _verb(
            "receive", "ReceiveReturn", "Receive", "box-arrow-in-down", _OPEN | {RECEIVED}, ("comment",),
            help="What the warehouse has now, and in which condition.", done="The parts were received.",
        ),
        _verb(
            "close", "CloseReturn", "Close return", "check2-circle", frozenset({RECEIVED}), ("comment",),
            help="Settles the return. Say why where something is missing.", done="The return was closed.",
        ),
        _verb(
            "cancel", "CancelRma", "Cancel return", "x-circle", UNPROVED, ("comment",), required=True, danger=True,
            help="The parts need not come back. The partner is told why.", done="The return was cancelled.",
        ),
    )
}  # fmt: skip


def offered(rma: rma_pb2.Rma) -> list[Verb]:
    """What the viewer is offered to do with a return now."""
    found = [verb for verb in VERBS.values() if rma.state in verb.states and verb.allowed]
    # Everything that was sent is there: nothing is left to receive.
    whole = rma.state == RECEIVED and all(line.received == line.quantity for line in rma.lines)
    return [verb for verb in found if not (whole and verb.name == "receive")]


def may_raise() -> bool:
    """Whether a role of the viewer may raise a return."""
    return bool(allowed_roles(RAISE) & viewer_roles())


def sends_back() -> bool:
    """Whether the viewer's side does the work and sends parts back; the other side asks for them."""
    return not viewer_roles() & _ASKING
