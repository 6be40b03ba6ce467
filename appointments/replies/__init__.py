"""What customers answer by SMS, from the text to what is done about it."""
