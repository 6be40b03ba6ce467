from typing import Any

import pytest
from django.core.exceptions import ValidationError

from calls.models import Branch


@pytest.mark.parametrize("hours", [{"montag": []}, {"mo": [["18:00", "09:00"]]}, [1], {"mo": "immer"}, "ab neun"])
def test_it_refuses_opening_hours_that_cannot_be_read(hours: Any) -> None:
    with pytest.raises(ValidationError) as error:
        Branch(name="Mitte", opening_hours=hours).clean()
    assert set(error.value.message_dict) == {"opening_hours"}


def test_it_puts_opening_hours_in_their_one_form() -> None:
    branch = Branch(name="Mitte", opening_hours={"di": [["14:00", "18:00"], ["09:00", "12:00"]], "mo": []})
    branch.clean()
    assert branch.opening_hours == {"di": [["09:00", "12:00"], ["14:00", "18:00"]]}
