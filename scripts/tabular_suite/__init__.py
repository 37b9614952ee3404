"""The parts of scripts/tabular_suite.py."""
