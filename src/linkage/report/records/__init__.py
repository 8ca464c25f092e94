"""Records of one linkage that an organisation keeps or hands over: log lines, register row, DPIA sections, letter.

Rules kept here:

- Everything follows from the signed protocol and the organisation's own ledger; what neither says is left to people,
  and the record says so.
- No record but the lines per person holds anything of a person (tests/report/test_records.py searches a whole linkage).
- Fields are those of the published lists, written down with their source in docs/spec/records.md.
"""
