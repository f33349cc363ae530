"""The login at an OIDC provider beside the certificate: device flow, tokens and their renewal."""
