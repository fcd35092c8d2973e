"""The command line: `trainyard COMMAND …`. One module for each command; see docs/cli.md."""
