"""A salon and a practice, and a week of their calls, with one hour in which Cal.com did not answer. All invented."""
