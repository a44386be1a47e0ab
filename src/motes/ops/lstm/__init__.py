"""Long short-term memory over sequences, its states kept from run to run."""
