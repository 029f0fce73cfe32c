"""What RADIUS servers decide of PDP contexts, and what they are told."""
