"""What is broken, by subject: for the tests, and for the table of benchmarks/faults.py."""
