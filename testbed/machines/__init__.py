"""The state machines of all nodes, drawn from the tables that they run by."""
