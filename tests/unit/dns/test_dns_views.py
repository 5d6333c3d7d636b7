"""Plans as a pull request's comment."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dns_samples import ZONE, txt

from postwright.dns import views
from postwright.dns.claims import Phase
from postwright.dns.plan import Change, Plan
from postwright.dns.records import Slot
from postwright.dns.stages import Stage
from postwright.dns.views import View, fenced, markdown

GOLDEN = """\
### DNS: Refused: 2 records come, 1 go, in 1 zone

**Nothing can be applied:**

```text
too much
```

- a note

No provider of the inventory serves these; ask whoever does:

```text
1.2.3.4.in-addr.arpa. PTR mx1.alpha.test.
```

| zone | provider | stage | come | go |
|---|---|---|---:|---:|
| `alpha.test` | `memory` | announce | 2 | 1 |

<details><summary>alpha.test (announce)</summary>

```diff
- alpha.test. MX 5 old.test.
+ alpha.test. 3600 MX 10 mx1.alpha.test.
+ alpha.test. 3600 TXT "v=spf1 ~all"
  the manifest: 1 line comes, 0 go
```

</details>"""


def plan(*values: str) -> Plan:
    mx = Change(Slot(ZONE, "MX"), 3600, ("5 old.test.",), ("5 old.test.",), ("10 mx1.alpha.test.",))
    text = Change(Slot(ZONE, "TXT"), 3600, (), (), values or (txt("v=spf1 ~all"),))
    manifest = Change(Slot(f"_postwright.{ZONE}", "TXT"), 3600, (), (), (txt("postwright1"),))
    return Plan("memory", ZONE, (), "", (mx, text, manifest), (), (), 1, 1)


def view(*plans: Plan) -> View:
    return View([Stage(Phase.ANNOUNCE, plans)])


def test_the_comment_shows_what_comes_and_goes() -> None:
    pointer = "1.2.3.4.in-addr.arpa. PTR mx1.alpha.test."
    seen = replace(view(plan()), notes=["a note"], manual=[pointer], refused=["too much"])
    assert markdown(seen) == GOLDEN


def test_nothing_to_do_is_one_line() -> None:
    empty = replace(plan(), changes=())
    expected = "### DNS: Nothing to do: 2 zones are as the inventory wants"
    assert markdown(view(empty, replace(empty, zone="beta.test"))) == expected


def test_a_clash_alone_is_not_nothing_to_do() -> None:
    empty = replace(view(replace(plan(), changes=())), refused=["a clash"])
    assert markdown(empty).startswith("### DNS: Refused: nothing can be applied\n")


def test_a_value_cannot_end_its_block() -> None:
    text = markdown(view(plan(txt("``` </details> ````"))))
    assert "\n`````diff\n" in text
    assert text.count("\n`````\n") == 1


@pytest.mark.parametrize(("text", "fence"), [("", "```"), ("`a`", "```"), ("```", "````")])
def test_a_fence_is_longer_than_any_in_it(text: str, fence: str) -> None:
    assert fenced(text) == f"{fence}\n{text}\n{fence}"


def test_a_comment_stays_below_the_limit() -> None:
    many = [replace(plan(txt("x" * 900)), zone=f"d{number}.test") for number in range(100)]
    text = markdown(view(*many))
    assert len(text) < 65_536
    shown = text.count("<details>")
    assert 0 < shown < 100
    assert f"{100 - shown} more zones" in text


def test_data_holds_conflicts_and_the_manifest() -> None:
    found = views.data(view(plan()))
    names = [change["name"] for change in found["stages"][0]["zones"][0]["changes"]]
    assert names == [ZONE, ZONE, f"_postwright.{ZONE}"]
    assert found["stages"][0]["zones"][0]["provider"] == "memory"
