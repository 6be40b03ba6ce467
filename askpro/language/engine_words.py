"""What the engine and jobs write into rows, in English, and pages tell in the reader's language."""

from typing import Final

from django.utils.translation import gettext_noop as _

from askpro.language import vendor_words
from askpro.language.written import Written

STUCK: Final = _("A worker of %(group)s is stuck.")
EVENTS: Final = (
    _("Worker %(worker)s of %(pool)s died; %(count)s jobs are ready again."),
    _("A worker of %(group)s on %(host)s cannot start: %(reason)s."),
    _("Workers of %(group)s on %(host)s start again."),
    _("%(host)s restarted with version %(version)s."),
    _("The new code on %(host)s does not start: %(reason)s; the old code keeps running."),
    _("A worker of %(group)s on %(host)s was recycled: %(reason)s."),
    _("Supervisor %(number)s on %(host)s (process %(pid)s) fell silent; others take over its jobs."),
    _("Supervisor %(number)s on %(host)s beats again; its earlier jobs went to others."),
    STUCK,
    _("%(gate)s has been shut for more than %(minutes)s minutes: %(reason)s. Its jobs wait and spend no try."),
    _("%(gate)s answers again."),
    _("1 job of %(queue)s waited longer than the promised %(promise)s s; the oldest %(oldest)s s."),
    _("%(count)s jobs of %(queue)s waited longer than the promised %(promise)s s; the oldest %(oldest)s s."),
    _("Fewer: %(jobs)s"),
    _("Still late: %(jobs)s"),
    _("%(queue)s keeps its promise of %(promise)s s again."),
)
ENDS_OF_PROCESSES: Final = (
    _("killed by %(signal)s"),
    _("exit code %(code)s"),
    _("holds %(held)s MB of %(most)s MB"),
    _("older than %(seconds)s s"),
    _("has run %(count)s jobs"),
)
WAITS: Final = (
    _("waits for its lock"),
    _("waits for its rate limit"),
    _("waits at %(gate)s: its limit is used up"),
    _("waits at %(gate)s: others came first"),
    _("waits at %(gate)s: %(reason)s"),
    _("rate limit exceeded"),
    _("shutdown"),
    _("missed its slot"),
    _("appointments are being cancelled"),
    _("a job about the person is running"),
    _("goes on with the rest"),
    _("waits for a release that takes its arguments"),
    _("the request has changed meanwhile"),
    _("an earlier request may still be carried out at Cal.com"),
    _("waits for call_analyzed"),
    _("not at Twilio yet; looked for once more before it is sent again"),
    _("quiet hours"),
    _("an earlier attempt may still be on its way"),
    _("the message is not known yet"),
    _("its appointment is being cancelled"),
)
ENDS_OF_JOBS: Final = (
    _("Not started before it expired."),
    _(
        "This release's function does not take what the job was sent with: %(misfit)s. Replace the job by one with"
        " other arguments, or retry it while workers of a release run that takes them."
    ),
    _("A younger copy with the same unique key waits."),
    _("Not finished before its deadline."),
    _("The worker process died while the job ran."),
    _("Ran past its time limit; its process was killed."),
    _("The worker's host fell silent while it held the job."),
    _("Lost too often: its workers vanish without a trace."),
    _("Its process was killed because another job in it ran past its time limit."),
    _("Its worker process was stuck and was killed."),
    _("Its worker process did not end in time when it was told to, and was killed."),
    _("The error's text could not be stored."),
    _("Nobody claimed it."),
    _("The step before it is no longer kept."),
    _("Its batch was cancelled."),
    _("Its chain succeeded."),
    _("Its batch ended otherwise."),
    _("A step before it was discarded."),
    _("Cancelled while it ran."),
    _("Its queue was flushed."),
    _("A middleware rejected the message."),
    _("Cancelled."),
)
STACKS: Final = (
    _("There is no such job."),
    _("It does not run: it is %(state)s."),
    _("Its worker is gone; the job goes to another one."),
    _("Its host, %(host)s, has been silent for %(seconds)s s."),
    _("The supervisor on %(host)s has not taken the request: its chores process is busy, or hangs."),
    _("The forker on %(host)s has not answered: it has no processor, or is stopped."),
    _("PostgreSQL: a statement of %(seconds)s s waits for %(what)s, held by %(holders)s"),
    _("PostgreSQL: a statement of %(seconds)s s waits for %(what)s"),
    _("PostgreSQL: a statement of %(seconds)s s computes"),
)
# What a repair found out about the row that it tried first.
FINDINGS: Final = (_("succeeded"), _("succeeded with %(version)s"))
SENTENCES: Final = (*EVENTS, *ENDS_OF_PROCESSES, *WAITS, *ENDS_OF_JOBS, *STACKS, *FINDINGS, *vendor_words.SENTENCES)

told: Final = Written(SENTENCES).told
