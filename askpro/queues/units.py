"""Times are int milliseconds, as everywhere in Dramatiq."""

S = 1000
MIN = 60 * S
H = 60 * MIN
