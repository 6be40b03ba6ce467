"""What went wrong with a vendor, a mail server or a channel of the watch, as jobs, gates and notices keep it."""

from typing import Final

from django.utils.translation import gettext_noop as _

# Nothing that can be believed came back.
AWAY: Final = (
    _("its name is not found"),
    _("no TLS with it"),
    _("no connection in time"),
    _("connection refused"),
    _("not reachable"),
    _("answered %(status)s"),
    _("%(vendor)s: no time was left to ask"),
    _("%(vendor)s: too many requests"),
    _("%(vendor)s: answered with a redirect (%(status)s): is its base URL right?"),
    _("%(vendor)s: another server answered for it (%(status)s)"),
    _("%(vendor)s: its name is not found"),
    _("%(vendor)s: no TLS with it"),
    _("%(vendor)s: no connection in time"),
    _("%(vendor)s: connection refused"),
    _("%(vendor)s: not reachable"),
    _("%(vendor)s: answered %(status)s"),
    _("%(vendor)s: unreadable answer: %(reason)s"),
    _("%(vendor)s: the list does not end after %(count)s pages"),
    _("%(vendor)s: cannot answer now (%(status)s)"),
)
# The vendor answered, and not with what was asked for.
REFUSED: Final = (
    _("The vendor refuses the key: it refuses every request with it, until somebody enters another."),
    _("Cal.com does not have it."),
    _("The time is not free. Our own earlier request may have taken it, so look before believing it."),
    _("There is no Cal.com API key: set the company's, or CALCOM_API_KEY for all."),
    _("Cal.com does not know this path in this cal-api-version (404): a bug of AskPro."),
    _("Cal.com refuses a question (%(status)s): a bug of AskPro, or this key may not read."),
    _("Cal.com refuses the webhook (%(status)s): this key may not register one."),
    _("Cal.com has a webhook for this address already."),
    _("Cal.com sends webhooks to public HTTPS addresses only."),
    _("Cal.com calls the webhook invalid."),
    _("Retell wants to be paid (402): its trial or its credit is over."),
    _("Retell does not know the call under this key; a call of the last seconds may not be there yet."),
    _("Retell forbids this key to read or erase calls (403)."),
    _("Retell refuses a question (%(status)s): a bug of AskPro."),
    _("Set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKENS."),
    _("Twilio: accepted, but the answer is not readable"),
    _("Twilio: the message is still being sent"),
    _("Twilio: the list is not readable"),
    _("Twilio: the next page is not readable"),
    _("Twilio: the answer is not readable"),
    _("Twilio: the answer is no object"),
    _("the sender's queue is full"),
)
# What a booking of Cal.com's, or a message of Twilio's, lacks.
FIELDS: Final = (
    _("%(field)s is missing"),
    _("%(field)s is missing or unknown"),
    _("%(field)s is missing or no uid"),
    _("%(field)s is missing or no name"),
    _("%(field)s is missing or no time with a zone"),
    _("it ends before it begins"),
)
# What an unreadable answer lacks.
UNREADABLE: Final = (
    _("no data of the expected type"),
    _("a day's slots are no list"),
    _("it is not the call that was asked for"),
    _("not the empty one of an erased call"),
    _("not the empty one of an erased message"),
    _("a page without its items"),
    _("a page does not lead to the next"),
)
MAIL: Final = (
    _("The mail server takes no log-in now (%(code)s)."),
    _("The mail server refuses the log-in (%(code)s)."),
    _("The mail server is not reachable: %(error)s."),
    _("The mail server did not answer: %(error)s."),
    _("The mail server wants it later (%(code)s)."),
    _("The mail server refuses the sender (%(code)s)."),
)
CHANNELS: Final = (
    _("the mail server refuses it (%(code)s)"),
    _("the mail server refuses all recipients (%(codes)s)"),
    _("the mail server does not offer what EMAIL_URL asks for"),
    _("the mail server did not answer in time"),
    _("no mail server: %(error)s"),
    _("no answer: %(error)s"),
    _("too many messages (429)"),
    _("it has trouble of its own (%(status)s)"),
    _("it refuses the message (%(status)s)"),
    _("the settings no longer have this channel"),
    _("TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKENS are not set"),
    _("ALERT_SMS_TO no longer has this recipient"),
)
SENTENCES: Final = (*AWAY, *REFUSED, *FIELDS, *UNREADABLE, *MAIL, *CHANNELS)
