"""A second version of the partners' workflow, as somebody writes it who changes no program."""

from __future__ import annotations

from services.workorders.definitions import SHIPPED

FIRST = (SHIPPED / "partner_service.yaml").read_text(encoding="utf-8")
WAITING = """\
  awaiting_access: {label: Awaiting Access, rank: 85, category: open, clock_running: true, tone: warning}
"""
TRANSITIONS = """
  ask_for_access:
    label: Ask for access
    icon: key
    help: Asks a dispatcher to have the site opened; work goes on when it is.
    done: The dispatchers were asked to have the site opened.
    from: [in_progress]
    to: awaiting_access
    who: [partner, admin]
    form:
      - title: Which door, and when?
        fields:
          - {path: inputs.comment, required: true, label: Door and time}
          - {path: scheduling_completed_date, label: Agreed on}
    guards:
      - {any: [{unset: appointment.date}, {set: technician.name}], says: Say who comes first.}
    effects: [access_asked]
    post:
      text: "{inputs.comment}"
      facts: {Request: {value: Access}}

  access_granted:
    label: Access granted
    icon: door-open
    help: The site is open; the work goes on.
    done: The work goes on.
    from: [awaiting_access]
    to: in_progress
    who: [dispatcher, partner, admin]
    effects: [access_granted]
"""


def changed(text: str, *changes: tuple[str, str]) -> str:
    """A text with words replaced; each must stand in it."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


# A state, two transitions, a form with a field of the order, a guard.
SECOND = (
    changed(FIRST, ("version: 1\n", "version: 2\n"), ("  on_hold: {label", f"{WAITING}  on_hold: {{label"))
    + TRANSITIONS
)
# It renames a state and a transition, asks for more, and drops a way.
OTHER = changed(
    FIRST,
    ("version: 1\n", "version: 2\n"),
    ("  in_progress: {label: In Progress", "  at_work: {label: At Work"),
).replace("in_progress", "at_work")
