"""`python -m hingecraft`."""

from hingecraft.cli import main

main()
