"""Policies of banks and projects: files, signed changes, what is in force. Used by the command line and the server."""
