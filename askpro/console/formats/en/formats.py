"""English with the 24-hour clock and the day before the month: support staff work in Germany."""

DATE_FORMAT = "j M Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "j M Y, H:i"
SHORT_DATE_FORMAT = "j M Y"
SHORT_DATETIME_FORMAT = "j M Y, H:i"
MONTH_DAY_FORMAT = "j F"
YEAR_MONTH_FORMAT = "F Y"
# The console's own: to the second, where the year goes without saying, and what a person has to keep.
MOMENT_FORMAT = "j M Y, H:i:s"
THIS_YEAR_FORMAT = "j M, H:i"
DAY_MONTH_FORMAT = "j M"
WEEKDAY_FORMAT = "D j M Y"
WEEKDAY_THIS_YEAR_FORMAT = "D j M"
WEEKDAY_TIME_FORMAT = "D j M Y, H:i"
FIRST_DAY_OF_WEEK = 1
DATE_INPUT_FORMATS = ["%Y-%m-%d", "%d.%m.%Y"]
DATETIME_INPUT_FORMATS = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M"]
