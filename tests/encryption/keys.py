"""Keys of tests, which encrypt nothing that anybody said."""

OLD, NEW = "11" * 32, "22" * 32
