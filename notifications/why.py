"""Why a message waits, failed, or is not sent."""

from django.utils.translation import gettext_lazy as _

from askpro.language.sentences import Sentence
from askpro.queues.errors import JobError, RateLimited, Rejected, Unavailable


class Why(Sentence):
    """Why a message has its state. `twilio.errors.Reaction` says what Twilio's error codes mean."""

    # Not sent on purpose.
    NO_CUSTOMER = "no_customer", _("No customer is known.")
    NO_NUMBER = "no_number", _("No phone number is known.")
    STOPPED = "stopped", _("The recipient answered STOP.")
    NO_CONSENT = "no_consent", _("No consent to SMS was given.")
    NO_MOBILE = "no_mobile", _("The number is no mobile number.")
    TOOK_NO_SMS = "took_no_sms", _("The number took no SMS before.")
    CALCOM_TELLS = "calcom_tells", _("Cal.com tells the customer itself.")
    FOLLOW_UP_SETTLED = "follow_up_settled", _("The follow-up is settled.")
    NOT_TRUE = "not_true", _("The appointment is no longer what the message says.")
    CHANGED_SINCE = "changed_since", _("The appointment has changed since.")
    HAS_BEGUN = "has_begun", _("The appointment has begun.")
    CALL_BACK_DUE = "call_back_due", _("The time by which to call back has come.")
    OFFER_OVER = "offer_over", _("The offer has ended, or too little time is left to answer it.")
    BEGINS_IN_QUIET = "begins_in_quiet", _("The appointment begins before the quiet hours end.")
    NO_SMS = "no_sms", _("The company sends no SMS, and no address is known.")
    HEARD_LATELY = "heard_lately", _("The customer has heard of the time only shortly before.")
    LAST_IS_DUE = "last_is_due", _("The last reminder is due as well.")
    NO_REMINDER = "no_reminder", _("No such reminder is set any more.")
    ENOUGH_TODAY = "enough_today", _("%(count)s SMS went to this number today.")
    ERASED = "erased", _("The recipient's data was erased.")
    JOB_CANCELLED = "job_cancelled", _("Its job was cancelled.")

    # Waits.
    QUIET = "quiet", _("Quiet hours: goes out at %(time)s.")
    NO_SENDER = "no_sender", _("No SMS sender is set, neither for the company nor for the installation.")
    NO_ANSWER = "no_answer", _("The provider does not answer; it is tried again.")
    PAUSE = "pause", _("The provider wants a pause.")
    REFUSED_US = "refused_us", _("The provider refuses our account or our sender.")
    MAYBE_SENT = "maybe_sent", _("The provider may have taken it; it is looked for before it is sent again.")

    # Failed.
    NOT_DELIVERED = "not_delivered", _("It was not delivered; the provider does not say why.")
    MAIL_REFUSED = "mail_refused", _("The mail server refuses it (%(code)s).")
    MAIL_ADDRESS = "mail_address", _("The mail server does not know such addresses.")
    STAYS_UNKNOWN = "stays_unknown", _("It stays unknown whether it was sent.")
    GIVEN_UP = "given_up", _("Given up after several jobs failed.")

    @classmethod
    def of(cls, error: JobError) -> "Why":
        """Why a message waits after this error of a provider's client."""
        kinds = {RateLimited: cls.PAUSE, Unavailable: cls.NO_ANSWER, Rejected: cls.REFUSED_US}
        return next((why for kind, why in kinds.items() if isinstance(error, kind)), cls.MAYBE_SENT)
