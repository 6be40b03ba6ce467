"""Appointments: booked at Cal.com, followed as Cal.com changes them, and handed to a person when no machine may decide.

`booking/` makes them, `changes/` follows them, `calcom/` knows the vendor, `models/` has the rows. `calls` and the door
send its jobs; it tells `notifications` what to say, and looks back at the models of `calls`.
"""
