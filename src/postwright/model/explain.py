"""From pydantic's errors to findings in the operator's words."""

from __future__ import annotations

from collections.abc import Mapping
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from .findings import Finding, Unrendered, as_written, choose, value_at
from .origin import Path
from .schema import DISCRIMINATOR

_NEEDED = {
    "string_type": "text",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "bool_type": "true or false",
    "int_type": "a whole number",
}


# Which class reads a mapping is said by one of its keys, so what is wrong is that key.
_TAG = {"union_tag_not_found": "missing", "union_tag_invalid": "literal_error"}


def findings_of(
    error: ValidationError, model: type[BaseModel], prefix: Path, root: Mapping[str, object]
) -> list[Finding]:
    """Return one finding for each of pydantic's errors; `prefix` is where the model's root lies."""
    return [_finding(detail, model, prefix, root) for detail in error.errors(include_url=False)]


def _finding(
    detail: ErrorDetails, model: type[BaseModel], prefix: Path, root: Mapping[str, object]
) -> Finding:
    where: Path = detail["loc"]
    of_key = where[-1] == "[key]"
    if of_key:
        where = where[:-1]
    if detail["type"] in _TAG:
        where = (*where, DISCRIMINATOR)
    path = as_written(prefix + _untagged(model, where), root)
    kind, value = _TAG.get(detail["type"], detail["type"]), value_at(root, path)
    if kind == "extra_forbidden":
        owner = model_at(model, where[:-1])
        known = list(owner.model_fields) if owner else []
        return Finding(path, "is an unknown key", choose(str(where[-1]), known, "remove it"), True)
    if kind == "missing":
        return Finding(path, "is missing", f"add it: {_description(model, where)}")
    if isinstance(value, Unrendered):
        return Finding(
            path,
            f"cannot be rendered: {value.told(path)}",
            "mend the template, define what it names, or give the vault's password",
        )
    if of_key and kind == "string_type":
        return Finding(path, "is a key that YAML does not read as text", "put it in quotes", True)
    message, mend = _said(detail, value, _description(model, where))
    return Finding(path, message, mend, of_key)


def _said(detail: ErrorDetails, value: object, description: str) -> tuple[str, str]:
    """Return (what is wrong, how to mend it) of one value."""
    kind, context = _TAG.get(detail["type"], detail["type"]), detail.get("ctx", {})
    if kind == "refused":
        return context["message"], context["mend"]
    if kind in _NEEDED:
        message = f"is {_kind(value)} where {_NEEDED[kind]} is needed"
        return message, _mend_type(kind, value, description)
    if kind == "literal_error":
        tags = context.get("expected_tags", "").replace(", ", " or ")
        expected = context.get("expected", tags).replace("'", "")
        words = expected.replace(" or ", ", ").split(", ")
        mend = f"write one of: {expected}"
        return f"must be {expected}", choose(value, words, mend) if isinstance(value, str) else mend
    if kind == "too_short":
        return "is empty", f"add at least one: {description}"
    return detail["msg"], description


def _kind(value: object) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true or false (YAML also reads yes, no, on and off so)"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "a mapping" if isinstance(value, Mapping) else "a list"


def _mend_type(kind: str, value: object, description: str) -> str:
    if kind == "list_type" and isinstance(value, str):
        return "write it in brackets, even if it is only one: [name]"
    if kind == "string_type" and isinstance(value, (bool, int, float)):
        return "put it in quotes"
    if kind in {"bool_type", "int_type"} and isinstance(value, str):
        return "write it without quotes"
    return f"expected is: {description}"


def model_at(model: type[BaseModel], where: Path) -> type[BaseModel] | None:
    """Return the class that describes the mapping at a location of pydantic's below `model`.

    Where it is one of several, and which is not said, the first stands for what they share.
    """
    found = _type_at(model, where)
    found = next(iter(_tagged(found).values()), found)
    return found if isinstance(found, type) and issubclass(found, BaseModel) else None


def _type_at(model: type[BaseModel], where: Path) -> Any:
    found: Any = model
    for part in where:
        if tagged := _tagged(found):
            found = tagged.get(str(part))
        elif isinstance(found, type) and issubclass(found, BaseModel):
            if part not in found.model_fields:
                return None
            found = _bare_type(found.model_fields[str(part)].annotation)
        elif get_origin(found) in {dict, list}:
            found = _bare_type(get_args(found)[-1])
        else:
            return None
    return found


def _untagged(model: type[BaseModel], where: Path) -> Path:
    """Return a location of pydantic's without the tags by which it chose a class of several."""
    kept = [
        part
        for depth, part in enumerate(where)
        if part not in _tagged(_type_at(model, where[:depth]))
    ]
    return tuple(kept)


def _tagged(found: Any) -> dict[str, type[BaseModel]]:
    """Return the classes of a union by the tag that chooses each; of any other type, none."""
    if get_origin(found) not in {Union, UnionType}:
        return {}
    return {
        tag: each
        for each in get_args(found)
        for tag in get_args(each.model_fields[DISCRIMINATOR].annotation)
    }


def _bare_type(annotation: Any) -> Any:
    """Return the type without Annotated and without `| None`."""
    if hasattr(annotation, "__metadata__"):
        return _bare_type(annotation.__origin__)
    if get_origin(annotation) in {Union, UnionType}:
        some = [each for each in get_args(annotation) if each is not type(None)]
        return annotation if len(some) > 1 else _bare_type(some[0])
    return annotation


def _description(model: type[BaseModel], where: Path) -> str:
    """Return the description of the nearest described key on the path."""
    for depth in range(len(where), 0, -1):
        owner = model_at(model, where[: depth - 1])
        if owner is not None and where[depth - 1] in owner.model_fields:
            return owner.model_fields[str(where[depth - 1])].description or ""
    return "see docs/reference/inventory.md"
