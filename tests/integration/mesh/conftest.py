"""Filled meshes of both sizes: each takes seconds to fill, so that tests share them.

They end with the last test here, as idle processes take time from other tests.
"""

from contextlib import ExitStack

import pytest

from tests.support.stage import stage


@pytest.fixture(scope="package")
def shared(tmp_path_factory):
    """Gives the mesh of a size that tests share; those who change the directory share another."""
    with ExitStack() as stack:
        made = {}

        def give(size):
            if size not in made:
                made[size] = stack.enter_context(stage(tmp_path_factory.mktemp(f"mesh-{size}"), size))
            return made[size]

        yield give


@pytest.fixture(scope="module", params=["embedded", "grown"])
def on_stage(request, shared):
    return shared(request.param)


@pytest.fixture(scope="package")
def changed_stage(tmp_path_factory):
    """The mesh of those who change the directory: embedded, as what they show depends on no database or transport.

    Its webhooks may reach this machine.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIELDMESH_WEBHOOK_PRIVATE_NETWORKS", "true")
        with stage(tmp_path_factory.mktemp("mesh-changed")) as made:
            yield made
