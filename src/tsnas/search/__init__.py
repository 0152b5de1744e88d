"""Search: strategies that propose architectures, exact derivation within limits, and the contest of finalists."""
