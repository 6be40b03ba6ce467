"""The console's pages about privacy."""

from askpro.privacy.admin.erasure import ErasureAdmin
from askpro.privacy.admin.read import ReadAdmin
from askpro.privacy.admin.retention import RetentionRuleAdmin, RetentionRunAdmin

__all__ = ["ErasureAdmin", "ReadAdmin", "RetentionRuleAdmin", "RetentionRunAdmin"]
