"""The parts of the driver: what stands between a script and the studio while a run runs."""
