"""Wishes as booking requests: held against what the branch offers, written as rows, and looked at again when the call
says more.
"""
