"""The parts of scripts/faithfulness.py."""
