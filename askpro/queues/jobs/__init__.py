"""What an app declares and sends: actors and their options, messages, batches, chains; what is done to jobs later.

Imports `ledger`.
"""
