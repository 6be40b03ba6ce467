"""The words of a message: what each says, in every language, how dates are spoken, what goes into a calendar.

Rendered from rows that are given; nothing here writes any.
"""
