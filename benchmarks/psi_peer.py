"""The peer of benchmarks/oprf.py, run by the Python of its own environment: OpenMined PSI over two sets of numbers.

Prints one line of JSON: processor seconds of client and server together, and the size of the intersection. It does not
import linkage.
"""

from __future__ import annotations

import json
import sys
import time

import private_set_intersection.python as psi

rows, common = int(sys.argv[1]), int(sys.argv[2])
ours = [str(number) for number in range(100_000_000, 100_000_000 + rows)]
theirs = [str(number) for number in range(100_000_000 + rows - common, 100_000_000 + 2 * rows - common)]
start = time.process_time()
server, client = psi.server.CreateWithNewKey(True), psi.client.CreateWithNewKey(True)
setup = server.CreateSetupMessage(1e-9, rows, theirs, psi.DataStructure.RAW)
request = client.CreateRequest(ours)
answer = server.ProcessRequest(request)
found = client.GetIntersection(setup, answer)
seconds = time.process_time() - start
sizes = [len(message.SerializeToString()) for message in (setup, request, answer)]
print(json.dumps({"cpu": seconds, "found": len(found), "bytes": sum(sizes)}), flush=True)
