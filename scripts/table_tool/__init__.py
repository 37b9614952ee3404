"""The parts of scripts/table_tool.py."""
