"""The grille-server command line: init, bank, project, user, serve, audit."""
