"""The parts of scripts/density_suite.py."""
