"""The names of the Azure ML v1 SDK, for scripts that know no other; trainyard does the work.

What a studio does not have yet raises NotImplementedError that says what to use instead.
"""
