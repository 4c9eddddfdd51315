"""docs/operations.md names every setting and every metric, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from admin.settings import AdminSettings
from deploy.launcher.settings import LauncherSettings
from services.chassis import settings
from services.notifications.settings import NotificationsSettings
from services.shipping.settings import ShippingSettings
from services.technicians.settings import TechniciansSettings
from services.workorders.settings import WorkordersSettings

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs" / "operations.md").read_text()
KINDS = (
    settings.Settings,
    AdminSettings,
    LauncherSettings,
    NotificationsSettings,
    ShippingSettings,
    TechniciansSettings,
    WorkordersSettings,
)


def test_operations_names_every_setting_and_no_other():
    fields = {name for kind in KINDS for name in kind.model_fields if name != "services"}
    known = {f"FIELDMESH_{name.upper()}" for name in fields}
    known |= {f"FIELDMESH_<SERVICE>_{name.upper()}" for name in settings._ServiceEnvironment.model_fields}

    named = set(re.findall(r"FIELDMESH_(?:<SERVICE>_)?[A-Z_]+[A-Z]", DOCUMENT.split("### Tests")[0]))

    assert named == known


def test_operations_names_every_metric_and_no_other():
    spelt = re.compile(r'(?:auge|Counter|Histogram)\(\s*"(fieldmesh_[a-z_]+)"')
    known = {name for path in (ROOT / "services").rglob("*.py") for name in spelt.findall(path.read_text("utf-8"))}

    named = {name.removesuffix("_total") for name in re.findall(r"`(fieldmesh_[a-z_]+)`", DOCUMENT)}

    assert named == known
