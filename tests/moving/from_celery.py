"""The shop's jobs after they moved from Celery."""

from askpro.queues import Batch, H, actor, chain
from tests.moving.shop import CardDeclined, CarrierBusy, is_first, note


@actor(throws=CardDeclined, on_failure="apologise")
def charge(order_id):
    if order_id == 2:
        raise CardDeclined
    note(f"charged {order_id}")


@actor(max_retries=5, backoff=(100,))
def ship(order_id):
    if is_first(f"asked the carrier for {order_id}"):
        raise CarrierBusy
    note(f"shipped {order_id}")


@actor
def apologise(message, error):
    note(f"apologised for {message['args'][0]}: {error['type'].rpartition('.')[2]}")


@actor(expires=1 * H)
def remind(order_id):
    note(f"reminded of {order_id}")


@actor
def write_to(customer_id):
    note(f"wrote to {customer_id}")


@actor
def close_mailing(mailing_id):
    note(f"closed mailing {mailing_id}")


def place(order_id):
    chain([charge.message(order_id), ship.message(order_id)]).send()
    remind.send_with_options(args=(order_id,), delay=200)


def mail(mailing_id, customer_ids):
    mailing = [write_to.message(customer_id) for customer_id in customer_ids]
    Batch(mailing, on_success=close_mailing.message(mailing_id)).send()
