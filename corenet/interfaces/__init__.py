"""What the nodes say to each other beside GTP, and the verbs every node has.

Nodes import this room, never one another.
"""
