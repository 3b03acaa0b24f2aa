"""Classifies pictures with a hosted endpoint, with Python's standard library alone.

    UNLABEL_URL=http://localhost:8787 python3 classify.py photo.jpg other.png
"""

import json
import os
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

URL = os.environ.get("UNLABEL_URL", "http://localhost:8787")
KEY = os.environ.get("UNLABEL_API_KEY")


def classify(image: bytes, top_k: int = 5) -> list[dict]:
    """Returns the predictions for a JPEG, PNG or WebP file: `[{"label", "index", "score"}]`, best first."""
    # The endpoint goes by the bytes, not by the content type.
    headers = {"content-type": "application/octet-stream"}
    if KEY:
        headers["authorization"] = f"Bearer {KEY}"
    request = Request(f"{URL}/v1/classify?topK={top_k}", data=image, headers=headers)
    with urlopen(request, timeout=30) as answer:
        return json.load(answer)["predictions"]


for path in sys.argv[1:]:
    try:
        [best] = classify(Path(path).read_bytes(), top_k=1)
        print(f"{path}: {best['label']}, {100 * best['score']:.1f} %")
    except HTTPError as error:
        problem = json.load(error)
        sys.exit(f"{path}: {problem['code']}: {problem['detail']}")
