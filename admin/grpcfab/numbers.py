"""Numbers as people write them."""


def digits(value: float, grouping: str = "") -> str:
    """A number with all its digits, to a millionth; never as a power of ten. `grouping` parts the thousands."""
    return f"{value:{grouping}}" if isinstance(value, int) else f"{value:{grouping}.6f}".rstrip("0").rstrip(".")
