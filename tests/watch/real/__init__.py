"""Tests that cause alerts for real; a package, so that their world ends with the last of them."""
