"""The commands `queues_…`, and what several of them share: names on the command line, the page of `queues_status`.

May import every other room; none of them imports it.
"""
