"""What stands in front of AskPro: nginx with the file that deploy/ has, and certificates for a run."""
