"""How badly an autoencoder gives back what it was given."""
