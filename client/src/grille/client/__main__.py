"""Run the client with `python -m grille.client`."""

from grille.client.cli import main

if __name__ == "__main__":
    main()
