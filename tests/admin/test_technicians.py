"""Pages of technicians: what they look like, and the languages that they speak."""

from __future__ import annotations

import io

import pytest
from fieldmesh.technicians.v1 import photo_service_pb2, technicians_service_pb2

from services.chassis.errors import InvalidRequest, NotFound, Violation
from tests.support.markup import read
from tests.support.memory_data import ident
from tests.support.memory_orders import ORDER

PHOTOS = "/fieldmesh.technicians.v1.PhotoService"
DESK = "/fieldmesh.technicians.v1.AssignmentDeskService"
TECHNICIAN = "fieldmesh.technicians.v1.Technician"
ROSA = ident("technician", 1)
RECORD = f"/technicians/{ROSA}"
JPEG = b"\xff\xd8 a small picture"


class Album:
    """The photos that the service keeps; `sent` are the messages of each upload."""

    def __init__(self, mesh):
        self.mesh, self.sent, self.refusal = mesh, [], None

    @property
    def rosa(self):
        return self.mesh.rows[TECHNICIAN][ROSA]

    def get(self, request, caller):
        del caller
        if request.technician_id != ROSA or not self.rosa.photo_version:
            raise NotFound("This technician has no photo.")
        return photo_service_pb2.TechnicianPhoto(technician_id=ROSA, content=JPEG, photo_version="v1")

    def upload(self, requests, caller):
        del caller
        self.sent.append(requests)
        if self.refusal:
            raise self.refusal
        self.rosa.photo_version = "v1"
        return self.rosa

    def remove(self, request, caller):
        del request, caller
        self.rosa.photo_version = ""
        return self.rosa


@pytest.fixture
def album(mesh):
    made = Album(mesh)
    verbs = {
        f"{PHOTOS}/GetTechnicianPhoto": made.get,
        f"{PHOTOS}/UploadTechnicianPhoto": made.upload,
        f"{PHOTOS}/RemoveTechnicianPhoto": made.remove,
    }
    mesh.verbs.update(verbs)
    yield made
    for path in verbs:
        del mesh.verbs[path]


def shown(person, url=RECORD):
    answer = person.get(url)
    assert answer.status_code == 200, answer.text
    return read(answer.text).one("main")


def send(person, content=b"\x89PNG picture", name="rosa.png"):
    data = {"request_key": "key-1", "photo": (io.BytesIO(content), name)}
    return person.post(f"{RECORD}/photo", data, content_type="multipart/form-data")


@pytest.mark.req("R-1")
@pytest.mark.parametrize("login", ["partner", "technician"])
def test_a_photo_is_uploaded_shown_and_removed_on_the_record(sign_in, album, login):
    person = sign_in(login)
    assert "No photo yet" in shown(person).one("section", class_="portrait").text

    answer = send(person, b"x" * 300_000)

    assert (answer.status_code, answer.headers["Location"]) == (302, RECORD)
    first, *rest = album.sent[0]
    assert (first.description.technician_id, first.description.request_id) == (ROSA, "key-1")
    assert [len(piece.chunk) for piece in rest] == [262_144, 37_856]
    main = shown(person)
    assert main.one("div", class_="notice-success").text == "The photo was saved."
    picture = main.one("img").attributes
    assert (picture["src"], picture["alt"]) == (f"{RECORD}/photo?v=v1", "Rosa Imani")
    served = person.get(picture["src"])
    assert (served.data, served.mimetype) == (JPEG, "image/jpeg")
    assert served.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert served.headers["X-Content-Type-Options"] == "nosniff"

    person.post(f"{RECORD}/photo/remove", {"request_key": "key-2"})

    assert "The photo was removed." in shown(person).text
    assert person.get(f"{RECORD}/photo").status_code == 404


def test_a_refused_photo_says_which_file_and_why(sign_in, album):
    partner = sign_in("partner")
    shown(partner)
    words = "This is a PDF document. Accepted are pictures: JPEG, PNG or WebP."
    album.refusal = InvalidRequest(words, violations=[Violation("content", words)])

    send(partner, name="me.pdf")
    refused = [each.text for each in shown(partner).all("div", class_="notice-danger")]
    partner.post(f"{RECORD}/photo", {}, content_type="multipart/form-data")
    empty = [each.text for each in shown(partner).all("div", class_="notice-danger")]

    assert refused == [f"me.pdf: {words}"]
    assert empty == ["Choose a photo first."]


@pytest.mark.req("B-6")
def test_a_hidden_technician_has_no_photo_page_and_who_may_not_change_it_is_not_offered_to(sign_in, album):
    partner, approver = sign_in("partner"), sign_in("approver")
    shown(partner)
    shown(approver)
    album.refusal = NotFound("There is no such technician.")

    assert partner.get(f"/technicians/{ident('technician', 9)}/photo").status_code == 404
    assert send(partner).status_code == 404
    assert "Upload" not in shown(approver).text
    assert send(approver).status_code in {302, 403}
    assert len(album.sent) == 1


@pytest.mark.req("R-1")
def test_languages_are_told_in_words_chosen_in_the_form_and_filtered_by(sign_in, album, mesh):
    album.rosa.languages.extend(["en", "es"])
    partner = sign_in("partner")

    main, form = shown(partner), shown(partner, f"{RECORD}/edit")
    listed = shown(partner, "/technicians/?f.languages.in=es&f.languages.in=vi")

    assert "English" in main.text
    assert "Spanish" in main.text
    boxes = [each.attributes for each in form.all("input") if each.attributes.get("name") == "languages"]
    assert {each["value"] for each in boxes if "checked" in each} == {"en", "es"}
    assert len(boxes) > 20
    asked = mesh.asked("ListTechnicians")[-1].query.filters
    assert [(each.field, list(each.values)) for each in asked] == [("languages", ["es", "vi"])]
    assert "Spanish, Vietnamese" in listed.text


@pytest.mark.req("CP-63")
def test_the_assignment_matrix_shows_who_somebody_is(sign_in, portal, album, mesh):
    album.rosa.photo_version = "v1"
    found = technicians_service_pb2.SearchTechniciansResponse()
    found.matches.add().technician.CopyFrom(album.rosa)
    mesh.verbs[f"{DESK}/SearchTechnicians"] = lambda *_: found
    mesh.verbs[f"{DESK}/SuggestTechnicians"] = lambda *_: technicians_service_pb2.SuggestTechniciansResponse()

    matrix = shown(sign_in("partner"), f"/work-orders/{ORDER}?tab=assignment").one("section", id="matrix")
    del mesh.verbs[f"{DESK}/SearchTechnicians"], mesh.verbs[f"{DESK}/SuggestTechnicians"]

    face = matrix.one("img").attributes
    assert (face["src"], face["alt"]) == (f"{RECORD}/photo?v=v1", "")
