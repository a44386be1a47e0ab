"""What `roll_recurrence` looks for: steps that come again."""
