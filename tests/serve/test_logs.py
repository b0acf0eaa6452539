"""What `serve` writes on standard error."""

import json

from receiving import event
from serving import until


def test_every_line_of_the_log_is_json(launch):
    """With log = "json", parent and worker write one JSON object a line, from the start to the end."""
    served = launch(more='log = "json"\n').ready()
    assert served.post(event("evt_1")) == 200
    until(lambda: "applied=1" in served.said())
    served.stop()
    lines = [line for line in served.said().splitlines() if not line.startswith("Receiving webhooks at ")]
    told = [json.loads(line) for line in lines]
    assert {"upswell.requests", "upswell.serve"} <= {line["logger"] for line in told}
    assert [line["event"] for line in told if line["logger"] == "upswell.requests" and "event" in line] == ["evt_1"]
