"""What should have happened, held against what did."""
