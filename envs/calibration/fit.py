"""The whole calibration: every idea in its turn, and the configuration that comes out."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np

from envs.calibration.arrivals import fit_arrivals
from envs.calibration.contacts import Contacts
from envs.calibration.counts import SlotCounts, count_arrivals
from envs.calibration.fitted import Fitted, Part
from envs.calibration.mix import fit_mix
from envs.calibration.patience import PatienceFit, fit_patience
from envs.calibration.repeats import fit_channels, fit_repeats
from envs.calibration.resolution import ResolutionFit, fit_bots, fit_resolution
from envs.calibration.service import ServiceFit, fit_service
from envs.config import CentreConfig

STEPS = 6
_CROWDED = 1.5  # a load per employee this many times the base's is told


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was fitted, the configuration it makes, and what the plots are drawn from."""

    base: CentreConfig
    config: CentreConfig
    part: Part
    arrivals: SlotCounts
    service: ServiceFit | None = None
    patience: PatienceFit | None = None
    resolution: ResolutionFit | None = None


def calibrate_counts(table: SlotCounts, base: CentreConfig) -> Calibration:
    """The calibration of a table of counts: arrivals only, all other fields of the base kept."""
    part = fit_arrivals(table)
    config = _applied(base, part)
    return Calibration(base, config, part + _crowding(base, config), table)


def calibrate_contacts(
    contacts: Contacts, base: CentreConfig, *, advance: Callable[[int], None] | None = None
) -> Calibration:
    """The calibration of attempts; `advance` is called after each of the `STEPS` ideas."""
    step = advance or (lambda _: None)
    table = count_arrivals(contacts.at[contacts.opens], centre=contacts.centre[contacts.opens])
    part = fit_arrivals(table) + _staff(contacts)
    step(1)
    part += fit_mix(contacts, base)
    step(1)
    service = fit_service(contacts, base)
    step(1)
    patience = fit_patience(contacts, base)
    step(1)
    resolution = fit_resolution(contacts, base)
    part += service.part + patience.part + resolution.part
    part += fit_bots(contacts, base)
    step(1)
    closing = (table.open_hour + table.hours) * 3600.0
    part += fit_repeats(contacts, base, closing) + fit_channels(contacts)
    step(1)
    config = _applied(base, part)
    part += _crowding(base, config)
    return Calibration(base, config, part, table, service, patience, resolution)


def _staff(contacts: Contacts) -> Part:
    """The employees who worked on a typical centre-day."""
    rows = contacts.take(contacts.employee >= 0)
    if not len(rows):
        return Part(left_out=(("n_employees", "no employee is named"),))
    pairs = np.unique(np.stack([rows.centre, rows.day, rows.employee]), axis=1)
    per_day = np.unique(pairs[:2], axis=1, return_counts=True)[1]
    value = int(np.median(per_day))
    error = float(per_day.std() / np.sqrt(len(per_day)))
    how = "median number of employees named on a day"
    return Part((Fitted("n_employees", value, error, len(per_day), how),))


def _applied(base: CentreConfig, part: Part) -> CentreConfig:
    """The base with the fitted fields in it."""
    known = {f.name for f in fields(CentreConfig)}
    values = {row.field: row.value for row in part.fitted}
    assert set(values) <= known, f"no such fields: {set(values) - known}"
    return replace(base, **{**values, "name": f"{base.name}-calibrated"})  # type: ignore[arg-type]  # every fitted value has its field's type


def _crowding(base: CentreConfig, config: CentreConfig) -> Part:
    before = base.contacts_per_day / base.n_employees
    after = config.contacts_per_day / config.n_employees
    if 1.0 / _CROWDED < after / before < _CROWDED:
        return Part()
    told = (
        f"{config.contacts_per_day:.0f} contacts a day meet {config.n_employees} employees, "
        f"{after / before:.1f} times the load of preset {base.name}: set n_employees in the file "
        "before simulating"
    )
    return Part(notes=(told,))
