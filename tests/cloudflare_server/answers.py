"""Errors as the API answers them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Refused(Exception):  # noqa: N818 - it is an answer
    """A request that is refused: HTTP status, Cloudflare's code and message."""

    def __init__(self, status: int, code: int, message: str) -> None:
        self.status, self.code, self.message = status, code, message
        super().__init__(f"{status} {code} {message}")

    def body(self) -> dict[str, Any]:
        """Return the answer."""
        error = {"code": self.code, "message": self.message}
        return {"success": False, "errors": [error], "messages": [], "result": None}


def invalid(code: int, message: str) -> Refused:
    """Return the refusal of something that is wrong in itself."""
    return Refused(400, code, message)


def found(result: object, **info: object) -> dict[str, Any]:
    """Return the answer to what was done or found."""
    answer = {"success": True, "errors": [], "messages": [], "result": result}
    return {**answer, "result_info": info} if info else answer


def page(items: list[Any], query: Mapping[str, str], least: int, most: int, usual: int) -> Any:
    """Return one page of a list.

    Raises:
        Refused: `per_page` is not within its limits.
    """
    size, number = int(query.get("per_page", usual)), int(query.get("page", 1))
    if not least <= size <= most or number < 1:
        raise invalid(1004, f"per_page must be between {least} and {most}")
    part = items[(number - 1) * size : number * size]
    return found(
        part,
        page=number,
        per_page=size,
        count=len(part),
        total_count=len(items),
        total_pages=-(-len(items) // size),
    )
