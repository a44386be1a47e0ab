"""How loud a vibration is, band by band of frequencies."""
