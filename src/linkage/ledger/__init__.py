"""The ledger room: what each organisation did, so that anyone can check it later.

- `log`: one organisation's own append-only file of signed, chained entries.
- `verify`: an outsider's check of one ledger, and of several against each other.

An entry holds digests, counts and words of ours; never an identifier, a token or a row.
"""
