"""PAP, WSP and WBXML: pure encoders and decoders."""
