"""German words for day, time and opening hours, read as moments. Pure: knows no row and no vendor."""
