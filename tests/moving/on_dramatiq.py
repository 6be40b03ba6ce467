"""The shop's jobs on Dramatiq's RedisBroker."""

import dramatiq

from tests.moving.shop import CardDeclined, CarrierBusy, is_first, note


@dramatiq.actor(throws=CardDeclined, on_failure="apologise")
def charge(order_id):
    if order_id == 2:
        raise CardDeclined
    note(f"charged {order_id}")


@dramatiq.actor(max_retries=5, min_backoff=100, max_backoff=400)
def ship(order_id):
    if is_first(f"asked the carrier for {order_id}"):
        raise CarrierBusy
    note(f"shipped {order_id}")


@dramatiq.actor
def apologise(message, error):
    note(f"apologised for {message['args'][0]}: {error['type']}")


@dramatiq.actor(max_age=3_600_000)
def remind(order_id):
    note(f"reminded of {order_id}")


@dramatiq.actor
def write_to(customer_id):
    note(f"wrote to {customer_id}")


@dramatiq.actor
def close_mailing(mailing_id):
    note(f"closed mailing {mailing_id}")


def place(order_id):
    then = ship.message_with_options(args=(order_id,), pipe_ignore=True)
    dramatiq.pipeline([charge.message(order_id), then]).run()
    remind.send_with_options(args=(order_id,), delay=200)


def mail(mailing_id, customer_ids):
    mailing = dramatiq.group([write_to.message(customer_id) for customer_id in customer_ids])
    mailing.add_completion_callback(close_mailing.message(mailing_id))
    mailing.run()
