"""Session management: PDP contexts, from their request by either side to their end."""
