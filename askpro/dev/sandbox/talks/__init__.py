"""Simulated callers: invented people who talk to an agent, which asks AskPro's functions for them.

A seed decides who calls and what she wants. She remembers what she was told, and `judge` compares that with what the
stand-in of Cal.com holds in the end. Nothing here knows AskPro's rows.
"""
