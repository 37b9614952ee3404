"""The one kind of error that ends a comparison."""


class Failure(Exception):
    """Something the reader has to know or mend, in one sentence."""
