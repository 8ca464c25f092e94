"""The cryptography room: the only one that imports a cryptographic library.

- `identity`: an organisation's keys, and the file that holds them encrypted.
- `card`: what others know of an organisation; fingerprints to compare by telephone.
- `succession`: what an owner says of its own card: that another follows it, or that it has ended.
- `box`: small secrets at rest.
- `signature`: signatures over bytes of a stated type.
- `envelope`: packages, sealed to named readers and signed by their sender; `header` and `stream` are its parts.
- `mac`: HMAC of many short messages under one key.
- `secret`: the linkage secret and the subkeys made of it. The linkage unit's code cannot import it.

No algorithm is negotiated: one suite per format version. Secrets come from the operating system's generator,
never stand in a log, message or argument, and are not wiped from memory, because Python cannot promise that
(cryptography, "Known security limitations").
"""
