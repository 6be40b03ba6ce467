"""Keys of what is told apart by its text, as short as their columns."""

from hashlib import sha256

LONGEST_KEY = 200
LONGEST_TAG = 100


def fitted(text: str, longest: int = LONGEST_KEY) -> str:
    """The text; where it is too long, its beginning and a digest, so that two long ones stay two."""
    if len(text) <= longest:
        return text
    return f"{text[: longest - 17]}~{sha256(text.encode('utf-8', 'replace')).hexdigest()[:16]}"
