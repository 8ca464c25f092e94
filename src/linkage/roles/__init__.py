"""What each organisation does, told top to bottom: the API for embedders, over real files.

- `home`: an organisation's own folder.   - `known`, `trust`: whose card is whose.
- `agreement`: what holds between parties; `signing`: agreeing to it.   - `ceremony`: the linkage secret.
- `custodian`, `keyholder`, `unit`, `recipient`, `auditor`: one module a role.
- `blinding`: how a custodian's numbers become tokens with the key-holders' help.
- `post`: what came in, and what to do next.   - `demo`: all roles on synthetic people.
"""
