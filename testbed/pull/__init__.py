"""Pull: what terminals ask for over WSP, fetched from origin servers over HTTP. Without I/O.

Specs: WAP-230 (WSP), RFC 9110 (HTTP). ``pull.Pull`` has the verbs; whoever runs it hands it the
requests of units and of sessions, and fetches for it.
"""
