"""Erases a person: the rows here, whatever else here may name the person, and what vendors hold."""
