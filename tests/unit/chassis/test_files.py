"""Contents of files: how they are kept, recognised and cleaned (hard-parts 24)."""

import io
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image

from services.chassis.blobs import BlobStore, FileTooLarge, measured, spooled
from services.chassis.errors import NotFound
from services.chassis.file_types import OFFICE, FileTypeNotAllowed, detect, without_position


def picture_with_position(kind="JPEG"):
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (41.0, 52.0, 55.0), 3: "W", 4: (87.0, 37.0, 40.0)}
    exif[0x0112] = 6
    target = io.BytesIO()
    Image.new("RGB", (40, 20), "navy").save(target, format=kind, exif=exif)
    return target.getvalue()


def archive(*names):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as written:
        for name in names:
            written.writestr(zipfile.ZipInfo(name), "x")  # no time of day: it would be in the test's id
    return target.getvalue()


def kept(tmp_path, content):
    path = tmp_path / "content"
    path.write_bytes(content)
    return path


def test_a_stored_content_comes_back_in_small_chunks(tmp_path):
    store = BlobStore.in_folder(tmp_path / "files")
    content = bytes(range(256)) * 3000

    with spooled(iter([content[:1000], content[1000:]]), limit=1_000_000) as upload:
        store.put("a1", upload)
        assert upload.size == len(content)

    pieces = list(store.chunks("a1"))
    assert b"".join(pieces) == content
    assert max(map(len, pieces)) <= 256 * 1024


def test_an_upload_stops_at_the_limit_and_leaves_nothing(tmp_path):
    read = []

    def endless():
        while True:
            read.append(1)
            yield b"x" * 1000

    with pytest.raises(FileTooLarge), spooled(endless(), limit=10_000, folder=tmp_path):
        pass

    assert len(read) == 11
    assert list(tmp_path.iterdir()) == []


def test_reading_a_missing_content_is_not_found(tmp_path):
    with pytest.raises(NotFound):
        list(BlobStore.in_folder(tmp_path).chunks("gone"))


def test_only_old_orphans_are_swept(tmp_path):
    store = BlobStore.in_folder(tmp_path / "files")
    for key in ("known", "orphan"):
        store.put(key, measured(kept(tmp_path, b"abc")))
    now = datetime.now(UTC)

    young = store.sweep(now + timedelta(hours=1), lambda keys: {"known"} & set(keys))
    old = store.sweep(now + timedelta(hours=25), lambda keys: {"known"} & set(keys))

    assert (young, old) == (0, 1)
    assert b"".join(store.chunks("known")) == b"abc"


@pytest.mark.parametrize(
    ("content", "title", "media_type"),
    [
        (picture_with_position(), "a.txt", "image/jpeg"),
        (picture_with_position("PNG"), "a.png", "image/png"),
        (b"%PDF-1.7 ...", "a.pdf", "application/pdf"),
        (b"name,number\nVT-40,1\n", "parts.CSV", "text/csv"),
        ("Überprüft\n".encode(), "note.html", "text/plain"),
        (archive("[Content_Types].xml", "word/document.xml"), "a.docx", OFFICE["word/"]),
    ],
)
def test_an_allowed_content_is_recognised_by_what_it_is(tmp_path, content, title, media_type):
    assert detect(kept(tmp_path, content), title) == media_type


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<!doctype html><p>hi",
        b"  <svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
        b"hello <script>alert(1)</script>",
        b"#!/bin/sh\nrm -rf /",
        b"MZ\x90\x00\x03",
        archive("evil.exe"),
        archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
        picture_with_position()[:200],
    ],
)
def test_a_content_that_a_browser_could_run_is_refused(tmp_path, content):
    with pytest.raises(FileTypeNotAllowed) as refused:
        detect(kept(tmp_path, content), "harmless.txt")

    assert refused.value.violations[0].field == "content"


def test_of_several_pictures_in_one_file_the_first_is_kept_without_its_position(tmp_path):
    first, second = (Image.open(io.BytesIO(picture_with_position())) for _ in range(2))
    target = io.BytesIO()
    first.save(target, format="MPO", save_all=True, append_images=[second], exif=first.getexif())
    path = kept(tmp_path, target.getvalue())

    kind = detect(path, "from-a-phone.jpg")
    cleaned = without_position(path, kind)

    assert kind == "image/jpeg"
    with Image.open(cleaned) as shown:
        assert (shown.format, shown.size, dict(shown.getexif())) == ("JPEG", (40, 20), {0x0112: 6})


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_picture_loses_its_position_and_keeps_its_orientation(tmp_path, kind):
    path = kept(tmp_path, picture_with_position(kind))

    cleaned = without_position(path, detect(path, "a"))

    with Image.open(cleaned) as picture:
        assert not picture.getexif().get_ifd(0x8825)
        assert picture.getexif().get(0x0112) == 6
        assert picture.size == (40, 20)
