"""What goes wrong is said in a sentence, with an exit code that scripts can read."""

from __future__ import annotations

import sys
from typing import Any, Final

from rich.console import Console
from typer.core import TyperGroup

from services.chassis.errors import Refusal
from services.chassis.keys import KeyFault
from services.chassis.migrations import MigrationBusy, SchemaMismatch
from services.chassis.restoring import RestoreRefused
from services.chassis.settings import SettingsFault

EXIT_REFUSED: Final = 1
EXIT_SETTINGS: Final = 2


class ExplainingGroup(TyperGroup):
    """Turns refusals and faults of any command into words on standard error."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Refusal as refusal:
            _say(str(refusal))
            for violation in refusal.violations:
                _say(f"  {violation.field}: {violation.description}")
            sys.exit(EXIT_REFUSED)
        except (MigrationBusy, RestoreRefused) as refusal:
            _say(str(refusal))
            sys.exit(EXIT_REFUSED)
        except (SettingsFault, KeyFault, SchemaMismatch) as fault:
            _say(str(fault))
            sys.exit(EXIT_SETTINGS)


def _say(text: str) -> None:
    Console(stderr=True).print(text, style="red", markup=False, highlight=False, soft_wrap=True)
