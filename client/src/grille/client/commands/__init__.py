"""What each `grille` subcommand does once its arguments are read, one file each; cli.py imports them lazily."""
