"""Connection-oriented WAP without I/O: WTP transactions and WSP sessions, for both ends.

Specs: WAP-224 (WTP), WAP-230 (WSP). ``wtp.WtpEndpoint`` makes datagrams into transactions,
``client.SessionClient`` and ``server.SessionServer`` make those into sessions. All of them have
the verbs of ``gtp.endpoint``.
"""
