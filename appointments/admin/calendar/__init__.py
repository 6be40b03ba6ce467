"""The calendar of a company: a day by staff or a week by days, by the clocks where the appointments are."""

from appointments.admin.calendar.board import board

__all__ = ["board"]
