"""Who read personal data. Names the apps' rows by their labels only, so that every app may import it."""

from askpro.privacy.models.pepper import Pepper
from askpro.privacy.models.read import Read

__all__ = ["Pepper", "Read"]
