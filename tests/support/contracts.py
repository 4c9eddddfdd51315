"""Contracts of tests: compiled when a test asks for them, with the standard methods that they name."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_tools import protoc

from deploy.build import standard_methods
from deploy.build.protos import include_folders

PROTOS = Path(__file__).parent / "protos"


@cache
def compiled(name: str, folder: Path = PROTOS) -> str:
    """Loads one contract below `folder`, such as `fieldmesh/probe/v1/gadget.proto`, and gives its package."""
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        source = work / "protos" / name
        source.parent.mkdir(parents=True)
        shutil.copy(folder / name, source)
        plain = _image(work, name)
        texts = standard_methods.additions(plain).get(name, [])
        source.write_text(standard_methods.extend(source.read_text(), texts))
        files = descriptor_pb2.FileDescriptorSet.FromString(_image(work, name)).file
    pool = descriptor_pool.Default()
    mine = next(file for file in files if file.name == name)
    for needed in _unknown(pool, mine.dependency):
        pool.AddSerializedFile(next(file for file in files if file.name == needed).SerializeToString())
    pool.AddSerializedFile(mine.SerializeToString())
    return str(mine.package)


def message(full_name: str) -> Any:
    """The class of a message that is loaded."""
    return message_factory.GetMessageClass(descriptor_pool.Default().FindMessageTypeByName(full_name))


def _unknown(pool: descriptor_pool.DescriptorPool, names: Iterable[str]) -> list[str]:
    missing = []
    for name in names:
        try:
            pool.FindFileByName(name)
        except KeyError:
            missing.append(name)
    return missing


def _image(work: Path, name: str) -> bytes:
    out = work / "image.binpb"
    includes = [f"-I{work / 'protos'}", *(f"-I{folder}" for folder in include_folders())]
    done = protoc.main(["protoc", *includes, "--include_imports", f"--descriptor_set_out={out}", name])
    assert done == 0, f"{name} does not compile"
    return out.read_bytes()
