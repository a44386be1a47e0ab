"""Operators that run graphs: IF, WHILE, and the loop that unrolled recurrence is rolled back into."""
