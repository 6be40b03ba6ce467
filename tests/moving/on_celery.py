"""The shop's jobs on Celery, broker and results in Redis."""

import os

from celery import Celery, chain, chord

from tests.moving.shop import CardDeclined, CarrierBusy, is_first, note

app = Celery("shop", broker=os.environ["REDIS_URL"], backend=os.environ["REDIS_URL"])


@app.task
def charge(order_id):
    if order_id == 2:
        raise CardDeclined
    note(f"charged {order_id}")


@app.task(autoretry_for=(CarrierBusy,), max_retries=5, default_retry_delay=0.1)
def ship(order_id):
    if is_first(f"asked the carrier for {order_id}"):
        raise CarrierBusy
    note(f"shipped {order_id}")


@app.task
def apologise(request, error, traceback):
    note(f"apologised for {request.args[0]}: {type(error).__name__}")


@app.task(expires=3600)
def remind(order_id):
    note(f"reminded of {order_id}")


@app.task
def write_to(customer_id):
    note(f"wrote to {customer_id}")


@app.task
def close_mailing(mailing_id):
    note(f"closed mailing {mailing_id}")


def place(order_id):
    chain(charge.si(order_id).on_error(apologise.s()), ship.si(order_id)).delay()
    remind.apply_async(args=(order_id,), countdown=0.2)


def mail(mailing_id, customer_ids):
    chord([write_to.si(customer_id) for customer_id in customer_ids])(close_mailing.si(mailing_id))
