"""The ledger room: what each organisation did, so that anyone can check it later.

- `tree`: Merkle trees and their proofs, over hashes alone; `checkpoint`: what is signed of one.
- `entries`: acts and their lines; `log`: one organisation's own file of them, appended to under `lock`.
- `witness`: how organisations watch each other's ledgers grow.
- `verify`: an outsider's check of one ledger; `cross`: of several against each other; `export`: the files for it.

An entry holds digests, counts and words of ours; never an identifier, a token or a row.
"""
