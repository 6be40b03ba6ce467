"""Whatever takes in a vendor's request: check it, store it with its job, answer. Imports every app and is imported by
none: only Django's urls, the console's pages and the commands of webhooks may.
"""
