"""PDP contexts from their creation over changes to their end."""
