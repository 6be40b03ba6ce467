"""Whether requests, appointments, changes and follow-ups add up, among themselves and with Cal.com."""
