"""`python -m infractl`."""

from infractl.cli.main import main

if __name__ == "__main__":
    main()
