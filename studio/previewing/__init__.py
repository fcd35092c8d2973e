"""What a page shows of a file's bytes: bounded pieces of it, as data. Nothing of a file is run."""
