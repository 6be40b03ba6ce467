"""Twilio's errors by code. The texts are close to the vendor's; clients tell errors apart by the code."""

from askpro.dev.sandbox.exchange import Answer, as_json

MESSAGES = {
    20003: (401, "Authenticate"),
    20009: (409, "Cannot delete message because delivery has not been completed."),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "Internal Server Error"),
    20503: (503, "Service unavailable"),
    21211: (400, "Invalid 'To' Phone Number"),
    21212: (400, "Invalid From Number (caller ID)"),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (400, "The 'From' phone number provided is not a valid message-capable Twilio phone number"),
    21609: (400, "The 'StatusCallback' URL is not a valid URL"),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21614: (400, "'To' number is not a valid mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
    21624: (400, "The 'ValidityPeriod' is out of range"),
    21701: (404, "The Messaging Service does not exist"),
}
OF_STATUS = {400: 21211, 401: 20003, 404: 20404, 429: 20429, 500: 20500, 503: 20503}


class Refused(Exception):
    """Ends a request with the error of `code`."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


def answer(code: int) -> Answer:
    status, message = MESSAGES[code]
    return as_json(status, _body(code, message, status))


def usual(status: int) -> Answer:
    """What Twilio would most likely answer with `status`: for faults without a body."""
    code = OF_STATUS.get(status, 20500 if status >= 500 else 21211)
    return as_json(status, _body(code, MESSAGES[code][1], status))


def _body(code: int, message: str, status: int) -> dict[str, object]:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return {"code": code, "message": message, "more_info": more, "status": status}
