"""SELECT and SELECT_V2: elements of one tensor or another, as a third one says."""
