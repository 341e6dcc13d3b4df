"""The one rounding rule for points."""

from decimal import ROUND_HALF_UP, Decimal

_STEP = Decimal("0.01")


def rounded(points: float) -> float:
    """Points to hundredths, halves up (0.125 to 0.13); every total is a sum of rounded points."""
    return float(Decimal(str(points)).quantize(_STEP, ROUND_HALF_UP))


def shared(max_points: float, share: float) -> float:
    """A share (0 to 1) of a question's points."""
    return rounded(max_points * min(1.0, max(0.0, share)))


def total(points: list[float]) -> float:
    """The sum of a student's points, free of binary dust."""
    return float(sum((Decimal(str(one)) for one in points), Decimal(0)))
