"""The short message service centre: transaction mode for push, store and forward, datagrams."""
