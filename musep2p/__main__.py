"""`python -m musep2p`."""

from musep2p.cli.main import main

if __name__ == "__main__":
    main()
