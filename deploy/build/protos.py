"""Generates the Python code of the contracts in protos/ into gen/.

Resources that ask for standard methods get their service, requests and answers first: the complete contracts stand in
gen/protos/, for buf and for clients in other languages. One generator serves `make protos` and the wheel's build hook.
It needs grpcio-tools, mypy-protobuf and googleapis-common-protos; it writes nothing when nothing changed.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # run as a script or from the build hook, before anything is installed
    sys.path.insert(0, str(ROOT))
TOOLS = ("grpcio-tools", "protobuf", "mypy-protobuf", "googleapis-common-protos")


def proto_files(root: Path = ROOT) -> list[Path]:
    """The contracts of this project, sorted by path."""
    return sorted((root / "protos").rglob("*.proto"))


def include_folders(root: Path = ROOT) -> list[Path]:
    """Folders in which imports are found: ours, googleapis', and protobuf's own."""
    grpc_tools = importlib.util.find_spec("grpc_tools")
    status = importlib.util.find_spec("google.rpc.status_pb2")
    if grpc_tools is None or grpc_tools.origin is None or status is None or status.origin is None:
        raise SystemExit("Generating code needs grpcio-tools and googleapis-common-protos: run `make setup`.")
    return [root / "protos", Path(status.origin).parents[2], Path(grpc_tools.origin).parent / "_proto"]


def fingerprint(root: Path = ROOT) -> str:
    """Hash over every contract and the versions of the tools."""
    here = Path(__file__)
    digest = hashlib.sha256(here.read_bytes() + here.with_name("standard_methods.py").read_bytes())
    for tool in TOOLS:
        digest.update(f"{tool}={importlib.metadata.version(tool)}\n".encode())
    for path in proto_files(root):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def generate(root: Path = ROOT, target: Path | None = None) -> bool:
    """Writes the code below `target` (default gen/); False where it was up to date already.

    Raises SystemExit when a contract does not compile; protoc has named the line on standard error.
    """
    out = target or root / "gen"
    stamp = out / ".stamp"
    wanted = fingerprint(root)
    if stamp.is_file() and stamp.read_text() == wanted:
        return False
    fresh = out.with_name(out.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    expand(root, fresh / "protos")
    _run_protoc(fresh / "protos", fresh)
    (fresh / ".stamp").write_text(wanted)
    shutil.rmtree(out, ignore_errors=True)
    fresh.rename(out)
    return True


def _protoc(*arguments: str) -> None:
    from grpc_tools import protoc

    if protoc.main(["protoc", *arguments]) != 0:
        raise SystemExit("The contracts in protos/ do not compile; see the lines above.")


def _relative(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.proto"))


def expand(root: Path, out: Path) -> None:
    """Copies the contracts of `root` to `out` and appends the standard methods that resources ask for."""
    from deploy.build import standard_methods

    sources = root / "protos"
    includes = [f"-I{folder}" for folder in include_folders(root)]
    with tempfile.TemporaryDirectory() as scratch:
        image = Path(scratch) / "image.binpb"
        _protoc(*includes, "--include_imports", f"--descriptor_set_out={image}", *_relative(sources))
        additions = standard_methods.additions(image.read_bytes())
    for name in _relative(sources):
        target = out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(standard_methods.extend((sources / name).read_text(), additions.get(name, [])))


def _run_protoc(expanded: Path, out: Path) -> None:
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    _protoc(
        f"-I{expanded}",
        *(f"-I{folder}" for folder in include_folders()[1:]),
        f"--python_out={out}",
        f"--grpc_python_out={out}",
        f"--mypy_out=quiet:{out}",
        f"--mypy_grpc_out=quiet,only_sync:{out}",
        *_relative(expanded),
    )


if __name__ == "__main__":
    print("Generated the contracts' code." if generate() else "The contracts' code is up to date.")
