"""Build hook: the wheel carries the code generated from the contracts."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ContractsHook(BuildHookInterface[BuilderConfig]):
    """Generates gen/ before a wheel or an editable install is made."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Adds gen/fieldmesh to a wheel; an editable install finds it by its path."""
        root = Path(self.root)
        spec = importlib.util.spec_from_file_location("fieldmesh_protos", root / "deploy" / "build" / "protos.py")
        if spec is None or spec.loader is None:
            raise RuntimeError("deploy/build/protos.py is missing")
        protos = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(protos)
        protos.generate(root)
        if version == "standard":
            build_data["force_include"][str(root / "gen" / "fieldmesh")] = "fieldmesh"
