"""The examples of docs/extending.md work as they stand there."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from services.notifications.catalog import FOLDER, Catalog
from services.workorders.definitions import load_definition

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "extending.md").read_text(encoding="utf-8"), re.DOTALL)
TRANSITION, MAIL = EXAMPLES


def test_the_transition_can_be_added_to_the_workflow():
    workflow = ROOT / "services" / "workorders" / "workflows" / "partner_service.yaml"

    definition = load_definition(f"{workflow.read_text(encoding='utf-8').rstrip()}\n\n{TRANSITION}")

    assert "ask_for_access" in definition.transitions


def test_the_mail_can_be_added_to_the_others(tmp_path):
    shutil.copytree(FOLDER / "en", tmp_path / "en")
    (tmp_path / "en" / "access_asked.yaml").write_text(MAIL, encoding="utf-8")

    assert Catalog.load(tmp_path).find("access_asked", "en").name == "Access asked for"
