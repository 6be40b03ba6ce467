"""Twilio as AskPro sees it: its Messages, its error codes, and what its callbacks say.

Nothing here reads or writes a notification, so that everything else in this app may import it.
"""
