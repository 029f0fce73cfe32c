"""What stands in a terminal: tables of what is answered, and the words that ask for it."""
