"""What is kept of a push: its life as a table, its records, and the store that keeps them."""
