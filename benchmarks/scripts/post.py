"""Posts packed batches of points with the run's own token, as its driver does."""

import array
import http.client
import json
import os
import sys
import time
from urllib.parse import urlsplit

batches, series, points = (int(word) for word in sys.argv[1:])
server = http.client.HTTPConnection(urlsplit(os.environ["TRAINYARD_URL"]).netloc)
headers = {
    "Authorization": "Bearer " + os.environ["AZUREML_RUN_TOKEN"],
    "Content-Type": "application/x-trainyard-points",
}
told = [
    {"name": f"m{n}", "kind": "float", "form": "scalar", "count": points} for n in range(series)
]
bodies = []
for number in range(1, batches + 1):
    steps = array.array("q", range((number - 1) * points, number * points))
    times = array.array("d", [1.7e9 + step * 0.001 for step in steps])
    values = array.array("d", [1.0 / (step + 1) for step in steps])
    columns = steps.tobytes() + times.tobytes() + values.tobytes()
    head = json.dumps({"writer": "benchmark", "sequence": number, "series": told})
    bodies.append(head.encode() + b"\n" + columns * series)
began = time.perf_counter()
for body in bodies:
    server.request("POST", "/api/v1/driver/metrics", body, headers)
    answer = server.getresponse()
    said = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{answer.status} {said[:500]!r}")
# Points, and seconds.
print(batches * series * points, time.perf_counter() - began)
