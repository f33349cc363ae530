"""The pages point at what exists, and name every number of a policy as it is."""

import dataclasses
import re
from pathlib import Path

import pytest

from grille.server.disclosure.policy import Policy
from grille.server.disclosure.texts import REFUSALS

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)", re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL))
    assert [t for t in targets if "://" not in t and not (page.parent / t).exists()] == []


def test_the_custodians_page_has_every_key_of_a_policy_with_its_default() -> None:
    text = (ROOT / "docs" / "custodian.md").read_text(encoding="utf-8")
    policy = Policy.standard()
    for item in dataclasses.fields(Policy):
        if item.name != "profile":
            assert f"| `{item.name}` | {getattr(policy, item.name)} | {item.metadata['tighter']} |" in text


def test_the_page_on_disclosure_control_names_every_number_that_can_refuse_or_change() -> None:
    text = (ROOT / "docs" / "disclosure.md").read_text(encoding="utf-8")
    names = [item.name for item in dataclasses.fields(Policy) if item.name != "profile"]
    assert [name for name in names if f"`{name}`" not in text] == []


def test_the_researchers_page_explains_every_refusal() -> None:
    text = (ROOT / "docs" / "researcher.md").read_text(encoding="utf-8")
    assert [reason for reason in REFUSALS if f"`{reason}`" not in text] == []
