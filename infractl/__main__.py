"""`python -m infractl`."""

from infractl.cli.start import program

if __name__ == "__main__":
    program()
