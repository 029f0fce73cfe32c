"""One side of a recorded GTP-C dialogue, sent again, and what is answered otherwise this time."""
