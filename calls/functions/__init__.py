"""What a voice agent may ask while the caller is on the line: `serving` answers, the other files do one thing each.

A booking, a cancellation, a move and a call back are written as the rows that the work after a call would write, by the
same functions, so that this work finds them done. Nothing here raises what a caller could not be told.
"""
