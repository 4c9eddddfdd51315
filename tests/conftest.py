"""What holds for every test."""

from __future__ import annotations

import pytest
from hypothesis import settings

from services.chassis import identity
from tests.support import whole

# Two workers share two cores: how long an example took says nothing about the code.
settings.register_profile("fieldmesh", deadline=None, print_blob=True)
settings.load_profile("fieldmesh")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of one group share what takes long to start; a worker tells a group by a suffix of the test's id."""
    if config.getoption("loadgroup", default=False):
        lost = [item.nodeid for item in items if item.get_closest_marker("xdist_group") and "@" not in item.nodeid]
        if lost:
            raise pytest.UsageError(f"pytest-xdist does not keep its groups together, such as that of {lost[0]}.")


@pytest.fixture(scope="session")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> whole.FirstStart:
    """A first start with the smallest demo that has an order in every state, for the tests of the group "walk"."""
    from services.cli.demo.plans import FIRST

    return whole.first_start(tmp_path_factory.mktemp("first-start"), orders=len(FIRST))


@pytest.fixture(autouse=True)
def _no_call_outlives_a_test():
    """A call that a test entered on its own thread ends with it."""
    token = identity._current.set(None)
    yield
    identity._current.reset(token)
