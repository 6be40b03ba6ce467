"""The console's pages about privacy."""

from askpro.privacy.admin.read import ReadAdmin

__all__ = ["ReadAdmin"]
