"""The evaluation of the MicroNAS paper with our own runs: `python -m benchmarks.paper`, and the page made of it."""
