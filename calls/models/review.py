"""Why a person should look at a call."""

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from askpro.language.sentences import Facts, Sentence
from calls.models.ending import ending_in_words


class Review(Sentence):
    """Reasons that no booking request of the call shows."""

    ENDED_BY_RETELL = "ended_by_retell", _("Retell ended the call: %(reason)s.")
    NOT_READ = "not_read", _("An appointment was mentioned that no request holds.")
    MORE_THAN_READ = "more_than_read", _("More appointments were asked for than are read.")
    RETOLD = "retold", _("The summary speaks of cancelling or moving.")
    NO_MORE_CALLS = "no_more_calls", _("The caller wants no more calls.")

    def tell(self, facts: Facts | None = None, language: str | None = None) -> str:
        """The sentence; Retell's reason, which is stored as its code, in the same language."""
        known = dict(facts or {})
        if "reason" in known:
            with translation.override(language or translation.get_language()):
                known["reason"] = ending_in_words(str(known["reason"]))
        return super().tell(known, language)
