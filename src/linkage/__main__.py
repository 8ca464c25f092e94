"""`python -m linkage`: the command line where no script can be installed."""

from linkage.cli import main

if __name__ == "__main__":
    main()
