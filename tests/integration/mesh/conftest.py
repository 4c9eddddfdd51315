"""One mesh a module and size: it takes seconds to fill."""

import pytest

from tests.support.stage import stage


@pytest.fixture(scope="module", params=["embedded", "grown"])
def on_stage(request, tmp_path_factory):
    with stage(tmp_path_factory.mktemp(f"mesh-{request.param}"), request.param) as made:
        yield made
