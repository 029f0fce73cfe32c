"""Layer 3 signalling between mobile and SGSN (TS 24.008): our own codecs of what a lab needs.

``sm`` holds session management, ``gmm`` mobility management, ``causes`` their causes,
``describe`` one line of text per message. Decoders raise ``errors.NasError`` and nothing else.
"""
