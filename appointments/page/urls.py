"""The addresses under /t/. A token begins with the letter of its kind (`notifications.links.Kind`).

The last slash is optional: programs that find links in a text often leave it out.
"""

from django.urls import re_path

from appointments.page import offered
from appointments.page.view import Nothing
from appointments.page.views import Calendar, Cancel, Confirm, Move, Overview

app_name = "page"
# No longer than any token, so that whatever else is asked for is not looked at.
APPOINTMENT = "(?P<token>a[0-9A-Za-z]{12,22})"
OFFER = "(?P<token>o[0-9A-Za-z]{12,22})"
urlpatterns = [
    re_path(rf"^{APPOINTMENT}/?$", Overview.as_view(), name="appointment"),
    re_path(rf"^{APPOINTMENT}/calendar/?$", Calendar.as_view(), name="calendar"),
    re_path(rf"^{APPOINTMENT}/confirm/?$", Confirm.as_view(), name="confirm"),
    re_path(rf"^{APPOINTMENT}/cancel/?$", Cancel.as_view(), name="cancel"),
    re_path(rf"^{APPOINTMENT}/move/?$", Move.as_view(), name="move"),
    re_path(rf"^{OFFER}/?$", offered.Overview.as_view(), name="offer"),
    re_path(rf"^{OFFER}/accept/?$", offered.Accept.as_view(), name="accept"),
    re_path(rf"^{OFFER}/decline/?$", offered.Decline.as_view(), name="decline"),
    re_path(r"^", Nothing.as_view()),
]
