"""The page that lists every profile, made from the data."""

from __future__ import annotations

from .model import Parameter, Profile
from .store import receivers, senders

_TITLE = """# Who receives and who sends: every profile

Generated from `src/postwright/profiles/data` by `scripts/reference`; do not edit. What is done with
them: [relays.md](../relays.md).

DOMAIN is the mail domain, *dashed* the same with `-` for each dot. A record is left out where a
parameter that it names is not given.
"""


def profiles_markdown() -> str:
    """Return the page."""
    return "\n".join(
        [
            _TITLE,
            "## Who receives: `served_by`\n",
            *(_profile(name, each) for name, each in receivers().items()),
            "## Who sends: the `profile` of a relay\n",
            *(_profile(name, each) for name, each in senders().items()),
        ]
    )


def _profile(name: str, profile: Profile) -> str:
    lines = [f"### `{name}`: {profile.title}", ""]
    lines += [f"{profile.source}, last compared on {profile.verified.isoformat()}.", ""]
    if relay := profile.relay:
        user = f" The user name is `{relay.username}`." if relay.username else ""
        lines += [f"Takes mail at `{_said(relay.host)}`, port {relay.port}.{user}", ""]
    terms = ", ".join(f"`{_said(term)}`" for term in profile.spf) or "nothing"
    lines += [f"In the domain's SPF record: {terms}.", ""]
    if profile.parameters:
        lines += ["| key | said in | needed | what | such as |", "|---|---|---|---|---|"]
        lines += [_parameter(key, each, profile) for key, each in profile.parameters.items()]
        lines.append("")
    if profile.records:
        lines += ["| record | name | value | source |", "|---|---|---|---|"]
        lines += [
            f"| {each.kind} | `{_said(each.name)}` | `{_said(each.value)}` | {each.source} |"
            for each in profile.records
        ]
        lines.append("")
    return "\n".join(lines)


def _parameter(key: str, parameter: Parameter, profile: Profile) -> str:
    where = "the relay"
    if parameter.of == "domain":
        where = "`sends_with`" if profile.relay else "`served_with`"
    needed = "yes" if parameter.required else "no"
    if parameter.default:
        needed = f"no: `{_said(parameter.default)}`"
    count = f"{parameter.count} values: " if parameter.count else ""
    example = parameter.example.replace("|", "\\|")
    return f"| `{key}` | {where} | {needed} | {count}{parameter.description} | `{example}` |"


def _said(template: str) -> str:
    words = template.replace("{domain}", "DOMAIN").replace("{dashed}", "dashed")
    return words.replace("{", "<").replace("}", ">")
