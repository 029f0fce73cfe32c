"""Which ways lead to a terminal: what is known of it, what the policy says, and the judgement."""
