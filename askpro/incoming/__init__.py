"""What happens to each request before its page: it has to be UTF-8 (`charset`), and is one log line (`request_log`)."""
