"""The rim: nodes on Twisted's sockets, timers and HTTP."""
