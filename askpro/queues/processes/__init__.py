"""What the forker and its children share: the page of each worker, the link to the chores, how a child starts.

Imports `ledger`.
"""
