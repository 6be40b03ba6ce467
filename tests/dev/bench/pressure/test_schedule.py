from askpro.dev.bench.pressure.schedule import Schedule


def test_what_is_due_follows_the_rate_however_much_was_sent():
    schedule = Schedule()
    schedule.set_rate(800, now=10)
    assert schedule.due(10.5) == 400
    schedule.sent(300)
    assert schedule.due(11) == 500


def test_a_change_of_the_rate_keeps_what_is_due():
    schedule = Schedule()
    schedule.set_rate(800, now=10)
    schedule.set_rate(100, now=11)
    assert schedule.due(12) == 900


def test_a_rate_of_nothing_ends_what_is_due():
    schedule = Schedule()
    schedule.set_rate(800, now=10)
    schedule.set_rate(0, now=11)
    assert schedule.due(12) == 0


def test_more_may_be_due_at_once():
    schedule = Schedule()
    schedule.set_rate(800, now=10)
    schedule.add(50)
    assert schedule.due(10.25) == 250


def test_what_was_due_while_the_server_was_away_is_left_out():
    schedule = Schedule()
    schedule.set_rate(800, now=10)
    schedule.skip(20)
    assert schedule.due(20.5) == 400
