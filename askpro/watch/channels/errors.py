"""Why a message did not go out."""


class ChannelError(Exception):
    """The message was not taken, or nobody knows. `words` are ours: no address, no number, no text of the other side.

    Everything is tried again; `pause` is how many seconds the other side asked for.
    """

    def __init__(self, words: str, pause: float = 0.0) -> None:
        super().__init__(words)
        self.words = words
        self.pause = pause


class NotReached(ChannelError):
    """No connection, or it broke off: it may have been taken."""


class Refused(ChannelError):
    """The other side will not take it as things are: an address, a key or a setting is wrong."""


class Throttled(ChannelError):
    """It wants a pause."""


class Failed(ChannelError):
    """It has trouble of its own."""
