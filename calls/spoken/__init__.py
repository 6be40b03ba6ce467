"""Days and times as they are said aloud. Pure: knows no row and no vendor."""
