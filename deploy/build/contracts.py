"""buf's lint and breaking-change checks over the contracts.

buf runs on images that protoc writes with imports and source info: on sources it cannot resolve googleapis.
The baseline is built from the contracts of the last landed commit.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from deploy.build.protos import expand, include_folders


class NoBaseline(Exception):
    """There is nothing that the contracts could break."""


def lint(root: Path) -> str:
    """What buf.yaml's lint rules say; empty where nothing."""
    with tempfile.TemporaryDirectory() as scratch:
        image = Path(scratch) / "contracts.binpb"
        return _image(root, root, image) or _buf(root, "lint", str(image))


def breaking(root: Path) -> str:
    """What would break callers of the last landed contracts; empty where nothing. Raises NoBaseline without any."""
    baseline = baseline_commit(root)
    with tempfile.TemporaryDirectory() as scratch:
        before, old, new = Path(scratch) / "before", Path(scratch) / "old.binpb", Path(scratch) / "new.binpb"
        if not baseline or not _unpack(root, baseline, before):
            raise NoBaseline("no landed contracts to compare with; FIELDMESH_BASELINE may name a commit")
        return (
            _image(root, before, old)
            or _image(root, root, new)
            or _buf(root, "breaking", str(new), "--against", str(old))
        )


def baseline_commit(root: Path) -> str:
    """The commit whose contracts hold: FIELDMESH_BASELINE, or the merge base with origin/main; empty without one.

    In a fresh clone that is the checked-out commit itself, so that only what is changed there afterwards can break it.
    """
    named = os.environ.get("FIELDMESH_BASELINE", "")
    if named:
        return named
    return _git(root, "merge-base", "HEAD", "origin/main")


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def _unpack(root: Path, commit: str, target: Path) -> bool:
    archive = subprocess.run(["git", "archive", commit, "protos"], cwd=root, capture_output=True, check=False)
    if archive.returncode != 0:
        return False
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
        tar.extractall(target, filter="data")
    return True


def _image(root: Path, sources: Path, out: Path) -> str:
    """Writes the image of the contracts below `sources`, with their standard methods; what protoc said otherwise."""
    expanded = out.with_suffix(".protos")
    try:
        expand(sources, expanded)
    except SystemExit as refused:
        return str(refused)
    files = [str(path.relative_to(expanded)) for path in sorted(expanded.rglob("*.proto"))]
    folders = [expanded, *include_folders(root)[1:]]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "grpc_tools.protoc"),
            *(f"-I{folder}" for folder in folders),
            *("--include_imports", "--include_source_info", f"--descriptor_set_out={out}", *files),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if done.returncode == 0 else done.stderr.strip()


def _buf(root: Path, verb: str, *arguments: str) -> str:
    buf = Path(sys.executable).parent / "buf"
    # protoc does not mark imports as such, so that googleapis' own files would be judged as well.
    done = subprocess.run(
        [str(buf), verb, *arguments, "--path", "fieldmesh"], cwd=root, capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else (done.stdout + done.stderr).strip()
