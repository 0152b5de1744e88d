"""tsnas beside other classifiers on many sets: `python -m benchmarks.archive`, and the page that is made of it."""
