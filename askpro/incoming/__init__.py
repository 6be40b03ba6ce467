"""What happens to each request around its page: it has to be UTF-8 (`charset`), is one log line (`request_log`), and
its answer says what a browser may load (`content_policy`). Where there is no page, `error_pages` says so."""
