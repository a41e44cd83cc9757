"""`python -m infractl`."""

from infractl.cli.main import program

if __name__ == "__main__":
    program()
