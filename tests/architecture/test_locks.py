"""The locks: complete, with hashes, and free of any machine's own package sources."""

from __future__ import annotations

from deploy import locks


def test_the_locks_fit_what_the_project_asks_for():
    assert locks.faults() == []


def test_a_registry_address_in_a_lock_is_a_fault():
    text = "--index-url https://registry.example/simple\nrich==1.0 \\\n    --hash=sha256:aa\n"

    assert locks._addresses("requirements.lock", text) == [
        "requirements.lock names a source: --index-url https://registry.example/simple"
    ]


def test_a_pin_without_hash_is_a_fault():
    assert locks._addresses("requirements.lock", "rich==1.0\ntyper==2.0 \\\n    --hash=sha256:aa\n") == [
        "requirements.lock has no hash for rich==1.0"
    ]
