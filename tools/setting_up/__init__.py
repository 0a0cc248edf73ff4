"""The parts of `setup.py`. They run on any Python from 3.8 on, with the standard library alone."""
