"""The net under Retell's webhooks: asks Retell which calls there were, and stores what did not arrive as the event that
it would have been. No app imports it; only the jobs and commands of webhooks do.
"""
