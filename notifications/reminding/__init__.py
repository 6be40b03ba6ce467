"""What sets reminders apart from other messages: they go by one channel, and ask whether the customer comes."""
