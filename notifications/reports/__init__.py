"""What a company's owner is told of a day or a week: numbers counted from the rows, by mail, in the console and as CSV.

`numbers` counts, for all of them; `due` says what is to be written when, `letter` what it says.
"""
