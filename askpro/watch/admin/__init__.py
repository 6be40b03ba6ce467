"""The console's pages of the watch."""

from askpro.watch.admin.incident import IncidentAdmin
from askpro.watch.admin.mute import MuteAdmin
from askpro.watch.admin.notice import NoticeAdmin

__all__ = ["IncidentAdmin", "MuteAdmin", "NoticeAdmin"]
