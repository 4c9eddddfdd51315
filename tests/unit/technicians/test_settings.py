"""Evidence, replicas and the files of work orders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from services.chassis.settings import SettingsFault, load_settings
from services.technicians.settings import TechniciansSettings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _own_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FIELDMESH_DATA", str(tmp_path))


def test_several_replicas_need_a_bucket_for_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIELDMESH_TECHNICIANS_REPLICAS", "2")

    with pytest.raises(SettingsFault) as refused:
        load_settings(TechniciansSettings)
    monkeypatch.setenv("FIELDMESH_EVIDENCE_URL", "s3://bucket/evidence")

    assert "FIELDMESH_EVIDENCE_URL" in str(refused.value)
    assert load_settings(TechniciansSettings).evidence_url == "s3://bucket/evidence"


@pytest.mark.parametrize(
    ("evidence", "files"),
    [
        ("s3://bucket/all", "s3://bucket/all/"),
        ("s3://bucket/evidence", "s3://bucket"),
        ("file:///srv", "file:///srv/files"),
    ],
)
def test_evidence_and_files_of_orders_never_lie_within_each_other(
    monkeypatch: pytest.MonkeyPatch, evidence: str, files: str
) -> None:
    monkeypatch.setenv("FIELDMESH_EVIDENCE_URL", evidence)
    monkeypatch.setenv("FIELDMESH_FILES_URL", files)

    with pytest.raises(SettingsFault, match="within each other"):
        load_settings(TechniciansSettings)
    monkeypatch.setenv("FIELDMESH_FILES_URL", "s3://bucket/evidence-of-orders")

    assert load_settings(TechniciansSettings).evidence_url == evidence


def test_evidence_has_a_limit_that_a_page_can_carry(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings(TechniciansSettings).evidence_megabytes == 10
    monkeypatch.setenv("FIELDMESH_EVIDENCE_MEGABYTES", "26")

    with pytest.raises(SettingsFault, match="FIELDMESH_EVIDENCE_MEGABYTES"):
        load_settings(TechniciansSettings)
