"""Very many mobiles that attach at once: processor time and memory."""
