"""Synthetic Dutch people and registers, with the errors that real registers have.

Rules kept here:

- Nobody in here exists. Every BSN lies in 999xxxxxx, a range for test numbers, and no list of real persons is used.
- One seed gives one result, bit for bit: all chance comes from numpy's ``Generator(PCG64(seed))``. A seeded,
  predictable generator is right for invented data and must never be used for a key or a token
  (proved by tests/synth/test_registers.py::test_same_seed_same_bytes).
- The truth about who is who is made first; each register then makes its own errors, at named rates
  (`damage`, `school`, `gemeente`).

The tour: `people` gives a population, `graduates` gives two registers of it with consent and truth, `write`
turns these into the files a school and a gemeente would export. `region` gives the registers of several schools,
gemeenten, UWV and employers, all of one population, with what everybody lives on; `write_region` their files.
`hard.hard` gives two registers without a number and with more errors, to judge encodings by.
"""

from linkage.synth.output import Files, write, write_region
from linkage.synth.population import people
from linkage.synth.regional import Region, region
from linkage.synth.scenario import Scenario, graduates

__all__ = ["Files", "Region", "Scenario", "graduates", "people", "region", "write", "write_region"]
