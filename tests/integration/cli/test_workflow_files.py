"""`fieldmesh workflow validate` and `diagram`: about a file, without any running service (B-2)."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from services.cli.main import app
from services.workorders.definitions import SHIPPED
from tests.support.workflows import SECOND, changed


def run(*arguments):
    return CliRunner().invoke(app, ["workflow", *map(str, arguments)])


@pytest.mark.req("B-2")
def test_a_sound_file_is_called_sound(tmp_path):
    (tmp_path / "next.yaml").write_text(SECOND)

    done = run("validate", tmp_path / "next.yaml")

    assert (done.exit_code, "Partner service 2 is sound: 15 states" in done.stdout) == (0, True)


@pytest.mark.req("B-2")
def test_every_fault_of_a_file_is_told_with_its_line(tmp_path):
    text = changed(SECOND, ("    to: shipping\n", "    to: orbit\n"), ("{role: technician", "{role: wizard"))
    (tmp_path / "next.yaml").write_text(text)

    done = run("validate", tmp_path / "next.yaml")

    line = text[: text.index("    to: orbit")].count("\n") + 1
    assert done.exit_code == 1
    assert f"next.yaml:line {line}: transitions.fulfilment_opened.to: There is no state “orbit”." in done.stderr
    assert "There is no role “wizard”." in done.stderr


@pytest.mark.req("B-2")
def test_a_file_is_drawn_as_mermaid_and_as_svg():
    file = SHIPPED / "partner_service.yaml"

    assert run("diagram", file).stdout.startswith("stateDiagram-v2\n")
    assert run("diagram", file, "--svg").stdout.startswith("<svg xmlns=")
