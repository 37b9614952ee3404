"""Predictions by engines that hold the data: the table, one recipe for each engine, and what they cost."""
