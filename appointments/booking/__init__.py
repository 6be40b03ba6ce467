"""From a caller's wish to a booking at Cal.com: which wishes need no person, reserving the time, booking it, cancelling
surplus bookings, and ending a wait that takes too long.

What Cal.com answers is handed to `changes`, what no machine may decide to `follow_ups`; neither imports this room.
"""
