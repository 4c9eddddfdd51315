"""What holds for every test."""

from __future__ import annotations

import pytest
from hypothesis import settings

from services.chassis import identity

# Two workers share two cores: how long an example took says nothing about the code.
settings.register_profile("fieldmesh", deadline=None, print_blob=True)
settings.load_profile("fieldmesh")


@pytest.fixture(autouse=True)
def _no_call_outlives_a_test():
    """A call that a test entered on its own thread ends with it."""
    token = identity._current.set(None)
    yield
    identity._current.reset(token)
