"""The ways to people: `names` says who is told what, `sending` sends; each channel is one file."""
