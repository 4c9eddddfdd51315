"""Writes the standard methods of resources: contract text from the resource option of ui/v1/options.proto.

A resource message that names a `standard` gets, in its own file and package, `service <Message>Service` with
List, Get, BatchGet, Create, Update and Delete as asked for, each with request and answer of its own (AIP-131 to 135).
Written out by hand they are ninety equal lines a resource.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

if TYPE_CHECKING:
    from collections.abc import Iterable

IMPORTS = (
    "fieldmesh/common/v1/list.proto",
    "fieldmesh/ui/v1/options.proto",
    "google/protobuf/empty.proto",
    "google/protobuf/field_mask.proto",
)
METHODS = {1: "LGB", 2: "LGBC", 3: "LGBCU", 4: "LGBCUD"}


def additions(image: bytes) -> dict[str, list[str]]:
    """Contract text to append, by file name, for a serialised FileDescriptorSet with imports.

    Raises ValueError where a resource's plural cannot name its methods.
    """
    files = descriptor_pb2.FileDescriptorSet.FromString(image)
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    options_class = message_factory.GetMessageClass(pool.FindMessageTypeByName("google.protobuf.MessageOptions"))
    extension: Any = pool.FindExtensionByName("fieldmesh.ui.v1.resource")
    found: dict[str, list[str]] = {}
    for file in files.file:
        for message in file.message_type:
            options = options_class.FromString(message.options.SerializeToString())
            if options.HasExtension(extension) and options.Extensions[extension].standard:
                found.setdefault(file.name, []).append(_text(message.name, options.Extensions[extension]))
    return found


def extend(source: str, texts: Iterable[str]) -> str:
    """The contract `source` with `texts` appended and the imports that they need."""
    body = "\n\n".join(texts)
    if not body:
        return source
    wanted = [name for name in IMPORTS if _needs(body, name) and f'import "{name}";' not in source]
    imports = "".join(f'import "{name}";\n' for name in wanted)
    return re.sub(r"(?m)^(package [^;]+;\n)", lambda match: f"{match[1]}\n{imports}", source, count=1) + f"\n{body}\n"


def _needs(body: str, name: str) -> bool:
    tokens = {"empty": "google.protobuf.Empty", "field_mask": "google.protobuf.FieldMask"}
    stem = name.rsplit("/", 1)[-1].removesuffix(".proto")
    return tokens.get(stem, "") in body


def _text(name: str, resource: Any) -> str:
    words = resource.plural.split()
    if not words or not all(word.isalpha() for word in words):
        raise ValueError(f"{name}: the resource's plural must be words of letters, not {resource.plural!r}")
    plural = "".join(word[0].upper() + word[1:] for word in words)
    one, many = _snake(name), "_".join(word.lower() for word in words)
    asked = METHODS[resource.standard]
    rpcs: list[str] = []
    messages: list[str] = []
    for letter, write in (("L", _list), ("G", _get), ("B", _batch_get), ("C", _create), ("U", _update), ("D", _delete)):
        if letter in asked:
            rpc, text = write(name, plural, one, many, resource)
            rpcs.append(rpc)
            messages.append(text)
    access = f"{{read: {_quoted(resource.access.read)} write: {_quoted(resource.access.write)}}}"
    service = (
        f"// Standard methods of {resource.plural}.\nservice {name}Service {{\n"
        f"  option (fieldmesh.ui.v1.access) = {access};\n" + "\n".join(rpcs) + "\n}"
    )
    return "\n\n".join([service, *messages])


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _quoted(roles: Iterable[str]) -> str:
    return "[" + ", ".join(f'"{role}"' for role in roles) + "]"


def _rpc(comment: str, name: str, answer: str) -> str:
    return f"  // {comment}\n  rpc {name}({name}Request) returns ({answer});"


def _message(comment: str, name: str, *fields: tuple[str, str]) -> str:
    lines = [f"  // {text}\n  {declaration} = {number};" for number, (text, declaration) in enumerate(fields, 1)]
    return f"// {comment}\nmessage {name} {{\n" + "\n".join(lines) + "\n}"


REQUEST_ID = ("Makes the call safe to repeat: the same id gives the first answer.", "string request_id")


def _list(name: str, plural: str, _one: str, many: str, resource: Any) -> tuple[str, str]:
    query = ("Paging, filters, search and order.", "fieldmesh.common.v1.ListQuery query")
    page = ("Where the page stands in the whole.", "fieldmesh.common.v1.ListPage page")
    return _rpc(
        f"Lists the {resource.plural} that the caller may see.", f"List{plural}", f"List{plural}Response"
    ), "\n\n".join(
        [
            _message(f"Which {resource.plural} to list.", f"List{plural}Request", query),
            _message(
                f"A page of {resource.plural}.", f"List{plural}Response", ("The page.", f"repeated {name} {many}"), page
            ),
        ]
    )


def _get(name: str, _plural: str, _one: str, _many: str, resource: Any) -> tuple[str, str]:
    return (
        _rpc(f"Reads one {resource.singular}; NOT_FOUND where it is missing or hidden.", f"Get{name}", name),
        _message(f"Names one {resource.singular}.", f"Get{name}Request", ("Its id.", "string id")),
    )


def _batch_get(name: str, plural: str, _one: str, many: str, resource: Any) -> tuple[str, str]:
    return _rpc(
        "Reads up to 200 by id; missing and hidden ones are named.", f"BatchGet{plural}", f"BatchGet{plural}Response"
    ), "\n\n".join(
        [
            _message(
                f"Names several {resource.plural}.",
                f"BatchGet{plural}Request",
                ("Their ids, at most 200.", "repeated string ids"),
            ),
            _message(
                f"The {resource.plural} that were found.",
                f"BatchGet{plural}Response",
                ("Those found, in the order asked.", f"repeated {name} {many}"),
                ("Ids that are missing or hidden.", "repeated string missing_ids"),
            ),
        ]
    )


def _create(name: str, _plural: str, one: str, _many: str, resource: Any) -> tuple[str, str]:
    return (
        _rpc(f"Creates one {resource.singular}; INVALID_ARGUMENT names every wrong field.", f"Create{name}", name),
        _message(
            f"Creates one {resource.singular}.",
            f"Create{name}Request",
            ("Its fields; those that the server sets are ignored.", f"{name} {one}"),
            REQUEST_ID,
        ),
    )


def _update(name: str, _plural: str, one: str, _many: str, resource: Any) -> tuple[str, str]:
    return (
        _rpc(
            f"Changes the masked fields of one {resource.singular}; ABORTED where the etag is stale.",
            f"Update{name}",
            name,
        ),
        _message(
            f"Changes one {resource.singular}.",
            f"Update{name}Request",
            ("Its id, the etag that was read, and the new values.", f"{name} {one}"),
            ("Paths to change.", "google.protobuf.FieldMask update_mask"),
            REQUEST_ID,
        ),
    )


def _delete(name: str, _plural: str, _one: str, _many: str, resource: Any) -> tuple[str, str]:
    return (
        _rpc(
            f"Deletes one {resource.singular}; FAILED_PRECONDITION where something refers to it.",
            f"Delete{name}",
            "google.protobuf.Empty",
        ),
        _message(
            f"Deletes one {resource.singular}.",
            f"Delete{name}Request",
            ("Its id.", "string id"),
            ("The etag that was read.", "string etag"),
            REQUEST_ID,
        ),
    )
