from calls.german.moment import Reason
from calls.models import About, BookingRequest, Unclear


def test_whatever_the_words_for_a_moment_leave_open_is_about_the_time() -> None:
    of_words = {Unclear(reason.value) for reason in Reason}
    assert {each for each in Unclear if each.about is About.TIME} == of_words


def test_it_reads_a_code_of_another_release_as_words_that_were_not_understood() -> None:
    assert Unclear.of("callback") is Unclear.CALLBACK
    assert Unclear.of("of_next_year") is Unclear.UNREADABLE
    assert BookingRequest(unclear="of_next_year").asks_for_booking
    assert BookingRequest(unclear="").asks_for_booking
    assert not BookingRequest(unclear="mixed").asks_for_booking
