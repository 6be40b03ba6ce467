"""A page is called what the line of the menu calls it."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from askpro.console.unfold import NAVIGATION

# A manager of companies is offered a page that an operator is not.
LINES = [item for group in NAVIGATION for item in group["items"] if not str(item["link"]).endswith("/logins/")]
TITLE = re.compile(r"<title>\s*(.*?)\s*</title>", re.DOTALL)


@pytest.mark.parametrize("line", LINES, ids=lambda line: str(line["link"]))
def test_a_page_is_called_what_the_menu_calls_it(admin_client: Client, line: dict[str, Any]) -> None:
    answer = admin_client.get(str(line["link"]), headers={"accept-language": "de"}, follow=True)

    with translation.override("de"):
        # Of the pages of repair, the first one opens.
        assert str(line["title"]) == re.split(r"\||:", title_of(answer))[0].strip()


def title_of(answer: Any) -> str:
    assert answer.status_code == 200
    found = TITLE.search(answer.content.decode())
    assert found
    return found[1]
