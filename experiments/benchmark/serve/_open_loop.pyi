from nba.types import Floats

def open_loop(
    files: list[int], messages: list[bytes], intended: Floats, grace_s: float
) -> tuple[Floats, int]: ...
