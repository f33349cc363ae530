"""The grille client: sends scripts to a server and shows the released results. Depends on grille.v1 only."""
