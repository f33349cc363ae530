"""Results as text for people, one formatter per file. Imports grille.v1 messages and the client's words only."""
