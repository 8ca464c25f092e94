"""Link records of several organisations without showing them to each other.

Every organisation encodes its own records on its own machine (`linkage.encode`), a linkage unit compares
the encodings (`linkage.match`), and only what the signed protocol allows comes out (`linkage.disclosure`):

    from linkage import protocol, encode, match
    p = protocol.load("protocols/graduates-on-benefits.yml")
    a = encode.encode(mbo_df, p, party="mbo", secret=secret)
    b = encode.encode(gemeente_df, p, party="gemeente", secret=secret)
    match.match([a, b], p).to_pandas()

`linkage.roles` tells what each organisation does with real files; `linkage.cli` is the command line over it.
This module imports nothing, so that `linkage --help` answers at once.
"""

__version__ = "0.1.0"
