"""Takes in a vendor's request: checks it, stores it with its job, answers. It imports every app, and no app imports
it: only Django's urls, the console's pages and the commands of webhooks may.
"""
