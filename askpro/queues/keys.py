"""Keys and tags that fit their columns; long ones that differ stay different."""

from hashlib import sha256

# This leaves room for the number of a place (`concurrency`).
LONGEST = 180
LONGEST_TAG = 100


def key(text: str) -> str:
    """The text, or its beginning and its digest: if cut off, two keys could be one, and an effect would be lost."""
    return _fitting(text, LONGEST)


def tag(text: str) -> str:
    """The same for a tag."""
    return _fitting(text, LONGEST_TAG)


def _fitting(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{text[: longest - len(digest) - 1]}~{digest}"
