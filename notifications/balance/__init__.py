"""Whether customers were told what holds, once: by our rows, and by what Twilio took."""
