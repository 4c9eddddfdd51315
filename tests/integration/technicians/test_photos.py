"""Languages and photos of technicians: who sees and changes them, and what is left of a picture (R-1, R-4, B-6)."""

from __future__ import annotations

import io
from typing import Any

import pytest
from fieldmesh.common.v1 import list_pb2
from fieldmesh.technicians.v1 import photo_service_pb2, technician_pb2
from PIL import Image
from sqlalchemy import func, select

from services.chassis.blobs import FileTooLarge
from services.chassis.errors import AlreadyExists, InvalidRequest, NotFound
from services.chassis.file_types import FileTypeNotAllowed
from services.chassis.identity import Call, Caller, calling
from services.technicians.photos import LARGEST
from services.technicians.tables import technician_photos
from tests.integration.technicians.conftest import CLI, House
from tests.support.pictures import GPS, ORIENTATION, RED, picture

SIDEWAYS = 6
BLUE = (30, 30, 200)


def upload(house: House, caller: Caller, technician: Any, content: bytes, request_id: str = "") -> Any:
    described = photo_service_pb2.PhotoDescription(technician_id=technician.id, request_id=request_id)
    parts = [photo_service_pb2.UploadTechnicianPhotoRequest(description=described)]
    step = 256 * 1024
    parts += [
        photo_service_pb2.UploadTechnicianPhotoRequest(chunk=content[start : start + step])
        for start in range(0, len(content), step)
    ]
    with calling(Call(caller, "r-1")):
        return house.app.photos.UploadTechnicianPhoto(iter(parts), None)


def photo(house: House, caller: Caller, technician: Any) -> Any:
    return house.call("GetTechnicianPhoto", caller, technician_id=technician.id)


def kept(house: House) -> int:
    with house.database.read() as connection:
        return int(connection.scalar(select(func.count()).select_from(technician_photos)) or 0)


@pytest.mark.req("R-1")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_of_a_photo_a_small_square_without_position_is_kept(house: House, kind: str) -> None:
    rosa = house.technician("Rosa Imani", house.bluefern)
    sent = picture(kind)
    assert Image.open(io.BytesIO(sent)).getexif().get_ifd(GPS)

    changed = upload(house, house.partner, rosa, sent)
    found = photo(house, house.partner, rosa)

    assert changed.photo_version
    assert (found.technician_id, found.photo_version) == (rosa.id, changed.photo_version)
    with Image.open(io.BytesIO(found.content)) as shown:
        assert (shown.format, shown.size) == ("JPEG", (512, 512))
        assert dict(shown.getexif()) == {}
        assert {"exif", "xmp", "comment", "icc_profile"} & set(shown.info) == set()
        pixel: Any = shown.getpixel((256, 256))
        assert all(abs(one - other) < 6 for one, other in zip(pixel, RED, strict=True))
    assert b"Phone maker" not in found.content


def test_a_photo_stands_upright_and_is_never_enlarged(house: House) -> None:
    rosa = house.technician("Rosa Imani", house.bluefern)
    sideways = Image.new("RGB", (300, 200), RED)
    sideways.paste(BLUE, (150, 0, 300, 200))  # the right half; upright it is the lower one
    target, told = io.BytesIO(), Image.Exif()
    told[ORIENTATION] = SIDEWAYS
    sideways.save(target, format="JPEG", exif=told, quality=95)

    upload(house, house.partner, rosa, target.getvalue())

    with Image.open(io.BytesIO(photo(house, house.partner, rosa).content)) as shown:
        assert shown.size == (200, 200)
        above, below = shown.getpixel((100, 20)), shown.getpixel((100, 180))
    assert isinstance(above, tuple)
    assert isinstance(below, tuple)
    assert above[0] > 150 > above[2]
    assert below[2] > 150 > below[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"%PDF-1.7 nothing", "This is a PDF document. Accepted are pictures: JPEG, PNG or WebP."),
        (picture("GIF"), "This is a GIF picture."),
        (b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", "This is HTML, XML or a script."),
        (picture()[:400], "This is a picture that cannot be read."),
        (b"", "This is an empty file."),
    ],
    ids=["pdf", "gif", "svg", "cut", "empty"],
)
def test_what_is_no_picture_is_named_and_nothing_is_kept(house: House, content: bytes, said: str) -> None:
    rosa = house.technician("Rosa Imani", house.bluefern)
    upload(house, house.partner, rosa, picture())
    before = house.call("GetTechnician", id=rosa.id)

    with pytest.raises(FileTypeNotAllowed) as refusal:
        upload(house, house.partner, rosa, content)

    assert str(refusal.value).startswith(said)
    assert [violation.field for violation in refusal.value.violations] == ["content"]
    assert house.call("GetTechnician", id=rosa.id) == before


def test_a_photo_of_more_than_five_megabytes_is_refused(house: House) -> None:
    rosa = house.technician("Rosa Imani", house.bluefern)

    with pytest.raises(FileTooLarge, match="larger than 5 MB"):
        upload(house, house.partner, rosa, picture() + bytes(LARGEST))

    assert kept(house) == 0


def test_an_upload_without_description_is_refused(house: House) -> None:
    with calling(Call(house.partner, "r-1")), pytest.raises(InvalidRequest) as refusal:
        house.app.photos.UploadTechnicianPhoto(
            iter([photo_service_pb2.UploadTechnicianPhotoRequest(chunk=picture())]), None
        )
    assert [violation.field for violation in refusal.value.violations] == ["description"]


@pytest.mark.req("B-6")
@pytest.mark.req("R-4")
def test_a_photo_is_seen_and_changed_by_whoever_keeps_the_technician_and_by_nobody_else(house: House) -> None:
    rosa = house.technician("Rosa Imani", house.bluefern)
    noor = house.technician("Noor Aziz", house.bluefern)
    herself = house.caller("rosa", house.bluefern, "partner", rosa.id)
    colleague = house.caller("noor", house.bluefern, "partner", noor.id)

    first = upload(house, herself, rosa, picture())

    assert photo(house, herself, rosa).content == photo(house, house.partner, rosa).content
    assert photo(house, house.dispatcher, rosa).photo_version == first.photo_version
    for stranger in (house.partner2, colleague):
        with pytest.raises(NotFound):
            photo(house, stranger, rosa)
        with pytest.raises(NotFound):
            upload(house, stranger, rosa, picture(colour=BLUE))
        with pytest.raises(NotFound):
            house.call("RemoveTechnicianPhoto", stranger, technician_id=rosa.id)
    with pytest.raises(NotFound, match="no photo"):
        photo(house, house.partner, noor)
    assert photo(house, house.partner, rosa).photo_version == first.photo_version


def test_a_photo_takes_the_place_of_the_earlier_one_and_is_removed(house: House) -> None:
    rosa = house.technician("Rosa Imani", house.bluefern)
    first = upload(house, house.partner, rosa, picture(), "u-1")
    again = upload(house, house.partner, rosa, picture(), "u-1")
    with pytest.raises(AlreadyExists):
        upload(house, house.partner, rosa, picture(colour=BLUE), "u-1")

    second = upload(house, house.partner, rosa, picture(colour=BLUE), "u-2")
    told = [each.technician.photo_version for each in house.events("Technician")]

    assert again == first
    assert second.photo_version != first.photo_version
    assert kept(house) == 1
    assert [version for version in told if version] == [first.photo_version, second.photo_version]
    gone = house.call("RemoveTechnicianPhoto", house.partner, technician_id=rosa.id)
    assert (gone.photo_version, kept(house)) == ("", 0)
    assert house.call("RemoveTechnicianPhoto", house.partner, technician_id=rosa.id) == gone
    with pytest.raises(NotFound):
        photo(house, house.partner, rosa)


@pytest.mark.req("R-1")
def test_languages_are_kept_and_filtered_by(house: House) -> None:
    house.technician("Rosa Imani", house.bluefern, languages=["en", "es"])
    house.technician("Noor Aziz", house.bluefern, languages=["ar"])
    house.technician("Ada Moss", house.bluefern)

    def speak(operator: str, *codes: str) -> list[str]:
        wanted = list_pb2.Filter(field="languages", operator=f"FILTER_OPERATOR_{operator}", values=codes)
        query = list_pb2.ListQuery(filters=[wanted], order_by="name")
        return [each.name for each in house.call("ListTechnicians", house.partner, query=query).technicians]

    assert speak("IN", "es", "ar") == ["Noor Aziz", "Rosa Imani"]
    assert speak("EQUALS", "en") == ["Rosa Imani"]
    assert speak("IS_EMPTY") == ["Ada Moss"]


@pytest.mark.parametrize(
    ("languages", "field"), [(["en", "Klingon"], "languages[1]"), (["en", "en"], "languages"), ([""], "languages[0]")]
)
def test_a_language_that_is_none_is_refused_by_name(house: House, languages: list[str], field: str) -> None:
    rosa = house.technician("Rosa Imani", house.bluefern)
    wanted = technician_pb2.Technician(id=rosa.id, etag=rosa.etag, languages=languages)

    with pytest.raises(InvalidRequest) as refusal:
        house.call("UpdateTechnician", CLI, technician=wanted, update_mask={"paths": ["languages"]})

    assert [violation.field for violation in refusal.value.violations] == [field]
