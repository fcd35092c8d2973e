"""`python -m trainyard`: the command line, where its script is not on PATH."""

from trainyard._cli.main import program

if __name__ == "__main__":
    program()
