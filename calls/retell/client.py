"""Retell's API: lists the calls of an account, gets one of them, and erases one."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final

from django.conf import settings

from askpro import gates
from askpro.http import Answer, Client
from askpro.metrics.routes import Routes
from askpro.queues.errors import Unavailable, Unknown
from askpro.reading import mapping
from calls.retell.errors import UnknownCall, is_word, read_error

# Items have no transcript, but may have long variables: a page of this size stays far below the largest answer.
PAGE: Final = 50
MOST_PAGES: Final = 2000
ROUTES: Final = Routes(("/v3/list-calls", "/v2/get-call/{}", "/v2/delete-call/{}"))
NOT_CONNECTED: Final = ("not_connected", "error")
_CALL_ID: Final = re.compile(r"[A-Za-z0-9_.:\-]{1,100}")


class Retell:
    """Retell with one API key. It only asks and erases, so that everything may be repeated.

    Every method raises `RateLimited`, `Unavailable` and `Rejected`, of which `KeyRefused` says that the key is wrong.
    """

    def __init__(self, base_url: str, api_key: str, largest: int) -> None:
        self._http = Client(
            "Retell",
            base_url,
            speaks=is_word,
            gate=gates.retell(api_key),
            headers={"Authorization": f"Bearer {api_key}"},
            largest=largest,
            routes=ROUTES,
        )

    def ended_between(self, since: datetime, until: datetime) -> Iterator[list[Any]]:
        """The calls that ended in this time, page by page, those that began first on top."""
        times = [_milliseconds(since), _milliseconds(until)]
        yield from self._pages({"end_timestamp": {"type": "range", "op": "bt", "value": times}})

    def not_connected(self) -> Iterator[list[Any]]:
        """The calls that were never connected or ended in an error, of all times: such a call may have no time."""
        yield from self._pages({"call_status": {"type": "enum", "op": "in", "value": [*NOT_CONNECTED]}})

    def get_call(self, call_id: str) -> dict[str, Any]:
        """One call with everything that Retell has of it. Raises `UnknownCall`."""
        if not _CALL_ID.fullmatch(call_id):
            raise UnknownCall(UnknownCall.__doc__)
        answer = self._http.request("GET", f"/v2/get-call/{call_id}")
        if not answer.ok:
            raise read_error(answer.status_code, of_one=True)
        call = answer.json()
        if not isinstance(call, dict) or call.get("call_id") != call_id:
            raise Unavailable("Retell: unreadable answer: it is not the call that was asked for")
        return call

    def delete_call(self, call_id: str) -> None:
        """Erase a call with its recording and transcript. Raises `UnknownCall` where it is not, or not any more."""
        if not _CALL_ID.fullmatch(call_id):
            raise UnknownCall(UnknownCall.__doc__)
        answer = self._repeatable("DELETE", f"/v2/delete-call/{call_id}")
        if not answer.ok:
            raise read_error(answer.status_code, of_one=True)
        if answer.status_code != HTTPStatus.NO_CONTENT:
            raise Unavailable("Retell: unreadable answer: not the empty one of an erased call")

    def _pages(self, criteria: Mapping[str, Any]) -> Iterator[list[Any]]:
        asked: dict[str, Any] = {"filter_criteria": criteria, "sort_order": "ascending", "limit": PAGE}
        seen: set[str] = set()
        for _ in range(MOST_PAGES):
            page = mapping(self._ask(asked).json())
            items, more, key = page.get("items"), page.get("has_more"), page.get("pagination_key")
            if not isinstance(items, list) or not isinstance(more, bool):
                raise Unavailable("Retell: unreadable answer: a page without its items")
            yield items
            if not more:
                return
            if not isinstance(key, str) or not key or key in seen:
                raise Unavailable("Retell: unreadable answer: a page does not lead to the next")
            seen.add(key)
            asked["pagination_key"] = key
        raise Unavailable(f"Retell: the list does not end after {MOST_PAGES} pages")

    def _ask(self, body: Mapping[str, Any]) -> Answer:
        answer = self._repeatable("POST", "/v3/list-calls", json=body)
        if not answer.ok:
            raise read_error(answer.status_code, of_one=False)
        return answer

    def _repeatable(self, method: str, path: str, **values: Any) -> Answer:
        try:
            return self._http.request(method, path, **values)
        except Unknown as error:
            # A question, or a call that is erased once however often it is asked for.
            asked_again = Unavailable(str(error))
            asked_again.parking = error.parking
            raise asked_again from error


def for_key(api_key: str) -> Retell:
    """Retell with this key; one client for each keeps its connection from one job to the next."""
    return _connected(
        settings.RETELL_BASE_URL, api_key, settings.WEBHOOK_MAX_BYTES, settings.RETELL_REQUESTS_PER_MINUTE
    )


@lru_cache(maxsize=64)
def _connected(base_url: str, api_key: str, largest: int, per_minute: int) -> Retell:
    return Retell(base_url, api_key, largest)


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
