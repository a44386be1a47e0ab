"""What is left of variables where a value needs a second place: a copy."""
