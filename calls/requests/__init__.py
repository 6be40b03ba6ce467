"""Wishes as booking requests: held against what the branch offers, written as rows, and looked at again when the call
says more. Above the models; `rows.write_wishes` and `second_look` are what the jobs use.
"""
