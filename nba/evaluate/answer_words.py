"""An answer as one JSON object for programs, and as lines for people."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from nba.evaluate.answer import Answer, next_steps
from nba.evaluate.check import LogCheck
from nba.evaluate.gate import places
from nba.types import Estimate, Verdict

SHOWN_ROWS: Final = 10
VERDICTS: Final[Mapping[Verdict, str]] = {
    "PROMOTE": "PROMOTE: it may be promoted",
    "HOLD": "HOLD: it should not be promoted",
    "CANT_TELL": "CAN'T TELL: this log does not carry a verdict",
}


def answer_json(answer: Answer) -> dict[str, object]:
    """The object that `nba ope run --json` prints."""
    return {
        "rows": rows_json(answer.check),
        "estimates": [estimate_json(e, name) for name, e in lines(answer)],
        "difference": {
            **estimate_json(answer.difference, answer.policy),
            "minus": answer.against,
        },
        "segments": [
            {
                "segment": name,
                "rows": inside.rows,
                "value": estimate_json(inside.value, answer.policy),
                "difference": estimate_json(inside.difference, answer.policy),
            }
            for name, inside in answer.segments.items()
        ],
        "per": answer.per,
        "verdict": answer.result.verdict,
        "reasons": answer.result.reasons,
        "next": next_steps(answer),
        "notes": answer.notes,
    }


def check_json(check: LogCheck) -> dict[str, object]:
    """The object that `nba ope check --json` prints."""
    return {
        "usable": check.usable,
        "rows": rows_json(check),
        "row_numbers": {name: rows[:SHOWN_ROWS] for name, rows in check.dropped.items()},
        "propensity": check.propensity,
        "reward": {"low": check.reward_range[0], "high": check.reward_range[1]},
        "loggers": check.loggers,
        "support": {
            name: {"eligible": eligible, "chosen": chosen}
            for name, (eligible, chosen) in check.support.items()
        },
        "choices": [
            {"action": c.action, "picks": c.picks, "mean": c.mean, "z": c.z} for c in check.choices
        ],
        "notes": check.notes,
    }


def rows_json(check: LogCheck) -> dict[str, object]:
    """How many rows were used, and how many dropped by reason."""
    return {"used": check.used, "dropped": {name: check.count(name) for name in check.dropped}}


def estimate_json(estimate: Estimate, policy: str) -> dict[str, object]:
    """One estimate; `interval` tells which kind its ends are of."""
    return {
        "policy": policy,
        "estimator": estimate.method,
        "value": estimate.value,
        "std_error": estimate.std_error,
        "low": estimate.low,
        "high": estimate.high,
        "interval": interval_name(estimate),
        "ess": estimate.ess,
    }


def interval_name(estimate: Estimate) -> str:
    """delta, or cressie-read where few rows carry the weight."""
    return "cressie-read" if estimate.diagnostics.get("cressie_read") else "delta"


def lines(answer: Answer) -> Iterator[tuple[str, Estimate]]:
    """Every estimate with its policy's name, the logging policy first."""
    yield "logging", answer.logging
    yield from answer.estimates


def dropped_lines(check: LogCheck) -> list[str]:
    """Why rows are left out, with the numbers of the first of them.

    >>> from nba.evaluate.flat_check import FlatCheck
    >>> dropped_lines(FlatCheck().result())
    []
    """
    told = []
    for reason, rows in check.dropped.items():
        n = check.count(reason)
        shown = ", ".join(str(row) for row in rows[:SHOWN_ROWS].tolist())
        more = ", …" if n > SHOWN_ROWS else ""
        plural = "" if n == 1 else "s"
        told.append(f"{n:,} row{plural} dropped, {reason}: row{plural} {shown}{more}")
    return told


def reasons_text(answer: Answer) -> list[str]:
    """The verdict in words, its reasons, and what to do next."""
    said = [VERDICTS[answer.result.verdict], *(f"- {line}" for line in answer.result.reasons)]
    return [*said, "next:", *(f"- {step}" for step in next_steps(answer))]


def answer_text(answer: Answer) -> str:
    """The answer in lines of plain text: rows, estimates, difference, verdict, what is next."""
    rows = [(name, e) for name, e in lines(answer)]
    rows.append((f"{answer.policy} − {answer.against}", answer.difference))
    rows += [(f"{name}: difference", s.difference) for name, s in answer.segments.items()]
    width = max(len(name) for name, _ in rows)
    table = [
        f"{name:<{width}}  {e.method:<12} {digits(e)[0]:>10}  [{digits(e)[1]}, {digits(e)[2]}]  "
        f"ESS {e.ess:,.0f}"
        for name, e in rows
    ]
    used = f"{answer.check.used:,} of {answer.check.rows:,} rows used"
    parts: Sequence[str] = [used, *dropped_lines(answer.check), *table, *reasons_text(answer)]
    return "\n".join(parts)


def digits(estimate: Estimate) -> tuple[str, str, str]:
    """Value, low and high with as many digits as the interval deserves.

    >>> digits(Estimate(0.00412, 0.0003, 0.0036, 0.0047, 900.0, "snips"))
    ('0.00412', '0.00360', '0.00470')
    """
    n = places(estimate)
    value, low, high = (f"{x:.{n}f}" for x in (estimate.value, estimate.low, estimate.high))
    return value, low, high
