"""Who read personal data, who was erased, how long what is kept. Names the apps' rows by their labels only, so that
every app may import it.
"""

from askpro.privacy.models.erasure import Erasure, Item, Wanted
from askpro.privacy.models.pepper import Pepper, hashed
from askpro.privacy.models.read import Read
from askpro.privacy.models.retention import RetentionCount, RetentionRule, RetentionRun, RetentionTotal

__all__ = [
    "Erasure",
    "Item",
    "Pepper",
    "Read",
    "RetentionCount",
    "RetentionRule",
    "RetentionRun",
    "RetentionTotal",
    "Wanted",
    "hashed",
]
