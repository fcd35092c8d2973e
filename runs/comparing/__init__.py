"""What differs between runs: their facts and values, their curves by group, their code."""
