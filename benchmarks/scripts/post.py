"""Posts batches of points with the run's own token, as its driver does; prints points, seconds."""

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
    "Content-Type": "application/json",
}
bodies = []
for number in range(1, batches + 1):
    steps = list(range((number - 1) * points, number * points))
    times = [1.7e9 + step * 0.001 for step in steps]
    values = [1.0 / (step + 1) for step in steps]
    told = [
        {"name": f"m{n}", "kind": "float", "steps": steps, "times": times, "values": values}
        for n in range(series)
    ]
    words = {"writer": "benchmark", "sequence": number, "series": told}
    bodies.append(json.dumps(words).encode())
began = time.perf_counter()
for body in bodies:
    server.request("POST", "/api/v1/driver/metrics", body, headers)
    answer = server.getresponse()
    said = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{answer.status} {said[:500]!r}")
print(batches * series * points, time.perf_counter() - began)
