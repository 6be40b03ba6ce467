"""What an app says: actors and their words, messages, batches, chains, and what is done to jobs afterwards.

Imports `ledger`.
"""
