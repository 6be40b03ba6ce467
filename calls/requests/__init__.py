"""Turns wishes into booking requests: compares them with what the branch offers, writes rows, and checks them again
when more is known about the call. Imports the models; the jobs use `rows.write_wishes` and `second_look`.
"""
