"""Who read personal data, and who was erased. Names the apps' rows by their labels only, so that every app may import
it.
"""

from askpro.privacy.models.erasure import Erasure, Item, Wanted
from askpro.privacy.models.pepper import Pepper, hashed
from askpro.privacy.models.read import Read

__all__ = ["Erasure", "Item", "Pepper", "Read", "Wanted", "hashed"]
