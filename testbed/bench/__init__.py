"""A lab that one thread drives from outside: on sockets or in virtual time, in the same words."""
