"""CUDA's path of the program on a machine without an NVIDIA GPU."""
