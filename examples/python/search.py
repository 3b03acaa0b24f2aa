"""Stores pictures, and finds those that are most like the first, with requests.

    pip install -r requirements.txt
    UNLABEL_URL=http://localhost:8787 python3 search.py photo.jpg one.jpg two.png
"""

import base64
import os
import sys
from pathlib import Path

import requests

URL = os.environ.get("UNLABEL_URL", "http://localhost:8787")
KEY = os.environ.get("UNLABEL_API_KEY")
NAMESPACE = "python-example"

session = requests.Session()
if KEY:
    session.headers["authorization"] = f"Bearer {KEY}"


def call(method: str, path: str, **request) -> dict:
    """Sends a request, and ends the program with what the endpoint says where it refuses."""
    response = session.request(method, f"{URL}/v1/{path}", timeout=30, **request)
    if not response.ok:
        problem = response.json()
        sys.exit(f"{problem['code']}: {problem['detail']}")
    return response.json()


def store(paths: list[Path]) -> None:
    """Adds pictures by name, 100 in a request, or replaces those that are there."""
    for start in range(0, len(paths), 100):
        vectors = [
            {"id": path.name, "image": base64.b64encode(path.read_bytes()).decode(), "metadata": {"suffix": path.suffix}}
            for path in paths[start : start + 100]
        ]
        call("PUT", "vectors", json={"namespace": NAMESPACE, "vectors": vectors})


def most_like(path: Path, **options) -> list[dict]:
    """Returns the nearest stored pictures: `[{"id", "score", "metadata"}]`, best first."""
    query = {"namespace": NAMESPACE, **options}
    # The endpoint goes by the bytes, not by the content type.
    headers = {"content-type": "application/octet-stream"}
    return call("POST", "search", params=query, data=path.read_bytes(), headers=headers)["matches"]


query, *others = (Path(argument) for argument in sys.argv[1:])
store(others)
for match in most_like(query, topK=5, minScore=-1):
    print(f"{match['id']}: {match['score']:.3f}")
