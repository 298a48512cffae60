"""The strokes of a picture: boxes, dots, arrows and words on a sheet of pixels."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, HEIGHT = 960, 600
INK: Final = "#22303c"
SOFT: Final = "#6b7a88"
PAPER: Final = "#f7f8f9"
EDGE: Final = "#c3ccd4"
FLOW: Final = "#6f93b3"
WAITING: Final = "#d0651b"


class Sheet:
    """Draws on matplotlib axes whose unit is the pixel, y downwards."""

    def __init__(self, axes: "Axes") -> None:
        self._axes = axes

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float,
        bold: bool = False,
        ink: str = INK,
        centre: bool = False,
        right: bool = False,
    ) -> None:
        """Words that begin, end or stand around x, their middle at y."""
        self._axes.text(
            x, y, words, fontsize=size, color=ink, va="center", zorder=4,
            fontweight="bold" if bold else "normal",
            ha="center" if centre else "right" if right else "left",
        )  # fmt: skip

    def box(
        self, x: float, y: float, width: float, height: float, *, fill: str = "#ffffff",
        edge: str = EDGE, line: float = 1.0,
    ) -> None:  # fmt: skip
        """A box with round corners."""
        from matplotlib.patches import FancyBboxPatch

        corner = min(6.0, width / 4.0, height / 4.0)
        style = f"round,pad=0,rounding_size={corner}"
        patch = FancyBboxPatch(
            (x, y), width, height, boxstyle=style, facecolor=fill, edgecolor=edge,
            linewidth=line, zorder=2,
        )  # fmt: skip
        self._axes.add_patch(patch)

    def dot(self, x: float, y: float, radius: float, fill: str) -> None:
        """A customer."""
        from matplotlib.patches import Circle

        self._axes.add_patch(Circle((x, y), radius, facecolor=fill, edgecolor="none", zorder=3))

    def bar(self, x: float, y: float, width: float, share: float) -> None:
        """A share of a width, from left to right."""
        from matplotlib.patches import Rectangle

        self._axes.add_patch(Rectangle((x, y), width, 9, facecolor="#e6ebef", zorder=3))
        self._axes.add_patch(Rectangle((x, y), width * share, 9, facecolor=FLOW, zorder=3))

    def arrow(self, x: float, y: float, to_x: float, to_y: float, width: float) -> None:
        """A flow as wide as it is strong, px."""
        from matplotlib.patches import FancyArrowPatch

        head = 5.0 + width
        patch = FancyArrowPatch(
            (x, y), (to_x, to_y), arrowstyle=f"simple,head_length={head / 1.6},head_width={head},"
            f"tail_width={width}", shrinkA=1, shrinkB=1, color="#c9d6e2", linewidth=0, zorder=1,
            mutation_scale=0.72,
        )  # fmt: skip
        self._axes.add_patch(patch)
