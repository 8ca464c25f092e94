"""Oblivious pseudorandom functions: numbers become tokens with the help of key-holders who do not see them.

- `group`, `p256`, `ristretto`, `hash_to_curve`: groups of prime order, from `cryptography` and from libsodium.
- `rfc9497`: the suites P256-SHA256 and ristretto255-SHA512 in modes OPRF and VOPRF.
- `blinding`, `bulk`, `steps`, `worker`: requests of any size over all cores.
- `token`: the joined token, of the linkage secret and all key-holders' outputs.

Specification: docs/spec/exact-tokens.md.
"""
