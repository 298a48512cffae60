"""An answer of `nba ope run` as a run in MLflow: settings, figures, table, page."""

from pathlib import Path

from experiments.tracking import start
from nba.evaluate.answer import Answer
from nba.evaluate.answer_words import estimate_json, interval_name, lines


def track_answer(answer: Answer, runs: Path, *, report: Path | None = None) -> str:
    """The id of the MLflow run that now holds the answer, in experiment "offline evaluation"."""
    config = {
        "log": answer.source,
        "policy": answer.policy,
        "against": answer.against,
        "level": answer.difference.level,
        "per": answer.per,
        "verdict": answer.result.verdict,
    }
    name = f"{answer.policy} on {Path(answer.source).name}"
    with start(runs, "offline evaluation", name, config=config, seed=0) as run:
        figures = {f"{policy}.{e.method}": e.value for policy, e in lines(answer)}
        found = answer.difference
        run.log_values(
            {
                **figures,
                "difference": found.value,
                "difference.low": found.low,
                "difference.high": found.high,
                "ess": found.ess,
                "rows": float(answer.check.used),
            }
        )
        rows = [
            *(estimate_json(e, policy) for policy, e in lines(answer)),
            {**estimate_json(found, f"{answer.policy} - {answer.against}"),
             "interval": interval_name(found)},
        ]  # fmt: skip
        run.log_table("estimates", rows)
        run.log_table("verdict", [{"reason": reason} for reason in answer.result.reasons])
        if report is not None:
            run.log_file(report)
        return run.run_id
