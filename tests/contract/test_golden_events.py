"""Events that were stored by an earlier program are read by this one as they were meant."""

import json

import pytest
from google.protobuf import json_format, unknown_fields

from tests.contract.golden_events import FOLDER, event_types

TYPES = event_types()


def test_every_event_has_kept_bytes():
    kept = {path.stem for path in FOLDER.glob("*.binpb")}

    assert kept == set(TYPES), "run: python -m tests.contract.golden_events"


@pytest.mark.parametrize("name", sorted(TYPES))
def test_kept_bytes_mean_what_they_meant(name):
    message = TYPES[name].FromString((FOLDER / f"{name}.binpb").read_bytes())

    read = json.loads(json_format.MessageToJson(message, preserving_proto_field_name=True))
    assert read == json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    assert len(unknown_fields.UnknownFieldSet(message)) == 0
