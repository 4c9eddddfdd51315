"""The demo's certificates: what there is to hold, who holds it, and for some of it a file that proves it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from fieldmesh.technicians.v1 import (
    certification_pb2,
    certification_pb2_grpc,
    evidence_service_pb2,
    evidence_service_pb2_grpc,
    technician_certification_pb2,
    technician_certification_pb2_grpc,
)

from services.chassis.ids import derive_id
from services.cli.demo import catalogue
from services.cli.demo.calls import CHUNK, assign
from services.cli.demo.world import MAINTAINER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.chassis.grpc_channel import Channels
    from services.cli.demo.calls import Speaker
    from services.cli.demo.world import World

_FIRST = 1001
_POINTS_WIDE, _POINTS_HIGH = 420, 297  # half a letter, on its side


@dataclass(frozen=True, slots=True)
class Held:
    """A certificate that somebody of the catalogue holds, by the days on which it is issued and ends."""

    person: str
    code: str
    issued: date
    expires: date
    number: str


def make_certificates(channels: Channels, speaker: Speaker, world: World, today: date) -> None:
    """Make certificates and give them to their holders; some have expired, some expire soon, every other has a file."""
    speaker.grant = world.grants[MAINTAINER]
    certifications = channels.stub(certification_pb2_grpc.CertificationServiceStub, "technicians")
    made: dict[str, str] = {}
    for code, name, current, months, kind, work in catalogue.CERTIFICATES:
        certification = certification_pb2.Certification(
            code=code, name=name, current=current, valid_months=months, kind=kind, work=work, active=True
        )
        made[code] = certifications.CreateCertification(
            certification_pb2.CreateCertificationRequest(
                certification=certification, request_id=derive_id("demo", "certificate", code)
            )
        ).id
    for place, held in enumerate(_held(today)):
        row = technician_certification_pb2.TechnicianCertification(
            technician_id=world.technicians[held.person],
            certification_id=made[held.code],
            evidence_number=held.number,
            evidence_url=f"https://university.example.com/certificates/{held.number}",
        )
        assign(row, "issue_date", held.issued)
        assign(row, "expiry_date", held.expires)
        _give(channels, held, row, with_file=place % 2 == 0)


def certificate(held: Held) -> bytes:
    """A small PDF that stands for what the university hands out; the same certificate gives the same bytes."""
    # Imported when first needed, as services do.
    from reportlab.pdfgen.canvas import Canvas

    name = next(each.name for each in catalogue.PEOPLE if each.key == held.person)
    title = next(about for code, about, *_ in catalogue.CERTIFICATES if code == held.code)
    target = io.BytesIO()
    page = Canvas(target, pagesize=(_POINTS_WIDE, _POINTS_HIGH), invariant=1)
    page.setTitle(f"{held.code} of {name}")
    page.rect(12, 12, _POINTS_WIDE - 24, _POINTS_HIGH - 24)
    for height, size, text in (
        (235, 11, f"Voltara University, certificate {held.number}"),
        (180, 24, name),
        (140, 14, f"{held.code}: {title}"),
        (70, 11, f"Issued {held.issued:%d %b %Y}, valid until {held.expires:%d %b %Y}. A sample of the demo."),
    ):
        page.setFontSize(size)
        page.drawCentredString(_POINTS_WIDE / 2, height, text)
    page.save()
    return target.getvalue()


def _held(today: date) -> list[Held]:
    usual = [
        (person.key, code, today - timedelta(days=900 if code in person.expired else 200), 730)
        for person in catalogue.PEOPLE
        for code in (*person.certificates, *person.expired)
    ]
    narrow = [(key, code, today + timedelta(days=left - 365), 365) for key, code, left in catalogue.MICRO_CREDENTIALS]
    return [
        Held(key, code, issued, issued + timedelta(days=days), f"VU-{number}")
        for number, (key, code, issued, days) in enumerate((*usual, *narrow), _FIRST)
    ]


def _give(
    channels: Channels, held: Held, row: technician_certification_pb2.TechnicianCertification, *, with_file: bool
) -> None:
    request_id = derive_id("demo", "held", held.person, held.code)
    if with_file:
        files = channels.stub(evidence_service_pb2_grpc.EvidenceServiceStub, "technicians")
        files.RecordCertification(_pieces(row, held, request_id))
        return
    channels.stub(
        technician_certification_pb2_grpc.TechnicianCertificationServiceStub, "technicians"
    ).CreateTechnicianCertification(
        technician_certification_pb2.CreateTechnicianCertificationRequest(
            technician_certification=row, request_id=request_id
        )
    )


def _pieces(
    row: technician_certification_pb2.TechnicianCertification, held: Held, request_id: str
) -> Iterator[evidence_service_pb2.RecordCertificationRequest]:
    content = certificate(held)
    described = evidence_service_pb2.CertificationDescription(
        technician_certification=row,
        name=f"{held.number}.pdf",
        size_bytes=len(content),
        request_id=request_id,
    )
    yield evidence_service_pb2.RecordCertificationRequest(description=described)
    for start in range(0, len(content), CHUNK):
        yield evidence_service_pb2.RecordCertificationRequest(chunk=content[start : start + CHUNK])
