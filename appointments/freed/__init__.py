"""Offers a time that an appointment has left to those who wait for such a time, one after the other.

Whom it suits (`matching`), why one of them is passed over (`objections`), one step after another (`offering`), what a
customer answers (`answers`), and the waiting list that staff keep (`waiting_list`). docs/freed-times.md tells it whole.
"""
