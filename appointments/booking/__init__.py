"""From a wish to a booking at Cal.com: what may be booked without a person, reserving, booking, what is surplus, and
waiting that has an end.

It goes on to `changes` with what Cal.com answers, and to `follow_ups` with what no machine may decide; neither comes
back here.
"""
