"""The parts of scripts/compare_pytorch.py."""
