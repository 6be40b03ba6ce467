"""Django's German, with days as numbers, and the console's own formats (as in `en`)."""

SHORT_DATETIME_FORMAT = "d.m.Y, H:i"
MOMENT_FORMAT = "d.m.Y, H:i:s"
THIS_YEAR_FORMAT = "d.m., H:i"
DAY_MONTH_FORMAT = "d.m."
WEEKDAY_FORMAT = "D, d.m.Y"
WEEKDAY_THIS_YEAR_FORMAT = "D, d.m."
WEEKDAY_TIME_FORMAT = "D, d.m.Y, H:i"
DATE_INPUT_FORMATS = ["%d.%m.%Y", "%d.%m.%y", "%Y-%m-%d"]
DATETIME_INPUT_FORMATS = [
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y, %H:%M",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
]
