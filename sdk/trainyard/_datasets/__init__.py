"""Datasets: where their files are (content), what one does with them, how a run gets them."""
