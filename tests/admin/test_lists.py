from __future__ import annotations

import pytest


@pytest.mark.req("CP-14")
def test_a_list_shows_its_columns_and_sorts_by_a_header(dispatcher, mesh):
    page = dispatcher.get("/accounts/")

    assert page.status_code == 200
    assert "Harbor Glen Apartments" in page.text
    assert 'href="/accounts/?sort=-name"' in page.text or 'href="?sort=-name"' in page.text
