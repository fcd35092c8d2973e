"""How the texts of a definition are read, one form a file. `compute.recipes` is the way in."""
