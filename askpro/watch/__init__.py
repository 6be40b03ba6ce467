"""Tells people what is wrong: conditions that are looked at, incidents that begin and end, channels that tell them."""
