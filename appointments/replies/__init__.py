"""What customers answer by SMS, from the text to what is done about it.

`questions` hands JA, NEIN and ABSAGE to the part that asked, which registers itself there; `coming` is the one that
reminds. What answers no question is a wish (`changes`), or is read by a person.
"""
