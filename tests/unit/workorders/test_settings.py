"""Files and replicas."""

from __future__ import annotations

import pytest

from services.chassis.settings import SettingsFault, load_settings
from services.workorders.settings import WorkordersSettings


def test_several_replicas_need_a_bucket(monkeypatch, tmp_path):
    monkeypatch.setenv("FIELDMESH_DATA", str(tmp_path))
    monkeypatch.setenv("FIELDMESH_WORKORDERS_REPLICAS", "2")

    with pytest.raises(SettingsFault) as refused:
        load_settings(WorkordersSettings)
    monkeypatch.setenv("FIELDMESH_FILES_URL", "s3://bucket/files")

    assert "FIELDMESH_FILES_URL" in str(refused.value)
    assert load_settings(WorkordersSettings).files_url == "s3://bucket/files"
