"""Results as text for people, one formatter per file. Imports grille.v1 results and the client's words, no connection."""
