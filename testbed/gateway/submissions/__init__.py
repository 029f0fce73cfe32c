"""What initiators post, and what they are answered and told."""
