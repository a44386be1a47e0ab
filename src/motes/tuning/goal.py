"""What is wanted of a build."""

from __future__ import annotations

from dataclasses import dataclass

from motes.build.image import Image
from motes.errors import BadInput, DoesNotFit

WEIGHTS = {"speed": 0.1, "balanced": 2.0, "size": 20.0}
"""What a share of the chip's memory counts beside the same share of the cycles.

A build is the better, the lower `cycles / cycles of the default kernels + weight * (flash / the chip's flash + RAM /
the chip's RAM)` is: with a weight of 2, a kernel that takes 1% of the flash must save 2% of the time.
"""

SMALLEST = 1e9
"""A weight beside which cycles count nothing."""

MOST = 4
"""A build takes at most so many times the flash of the smallest: beyond that, cycles come too dear for anyone."""


@dataclass(frozen=True)
class Goal:
    """How cycles, flash and RAM are weighed, and the bytes that may not be exceeded; None: what the chip has."""

    optimize: str = "balanced"
    flash: int | None = None
    ram: int | None = None
    weight: float = -1.0
    """Of shares of memory; `optimize` says which, unless one is given."""

    def __post_init__(self) -> None:
        if self.optimize not in WEIGHTS:
            raise BadInput(f"--optimize {self.optimize}: expected {', '.join(WEIGHTS)}")
        for name, size in (("flash", self.flash), ("ram", self.ram)):
            if size is not None and size <= 0:
                raise BadInput(f"--{name} {size}: expected bytes, more than 0")
        if self.weight < 0:
            object.__setattr__(self, "weight", WEIGHTS[self.optimize])

    @property
    def bounded(self) -> bool:
        """Whether it has budgets."""
        return self.flash is not None or self.ram is not None

    def check(self, name: str, image: Image | None) -> None:
        """Whether an image keeps the budgets.

        Raises:
            DoesNotFit: it does not.
        """
        over = self.exceeded_by(image)
        if over:
            raise DoesNotFit(f"{name}: {over}; allow more, or use a smaller model")

    def exceeded_by(self, image: Image | None) -> str:
        """By what an image takes more than the budgets, in words; empty where it does not."""
        if image is not None and self.flash is not None and image.flash.total > self.flash:
            return f"the image takes {image.flash.total:,} bytes of flash, {self.flash:,} are allowed"
        if image is not None and self.ram is not None and image.ram.total > self.ram:
            return f"the image takes {image.ram.total:,} bytes of RAM, {self.ram:,} are allowed"
        return ""


BALANCED = Goal()
"""What a build aims at where nobody says."""
