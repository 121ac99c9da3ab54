"""What the clients in Python share: reports as lines of JSON, and the loop that their libraries leave to who uses them."""

import json
import sys
import time


def report(**what):
    print(json.dumps(what), flush=True)


def report_event(name, data, event_id):
    report(type="event", name=name, data=data, id=event_id)


class Final(Exception):
    """An answer after which a client does not come back."""


class Place:
    """Where a stream goes on: the last event ID and the reconnection time."""

    def __init__(self):
        self.last_event_id = ""
        self.retry = 1.0

    def headers(self):
        return {"Last-Event-ID": self.last_event_id} if self.last_event_id else {}

    def take(self, event_id, retry):
        if event_id is not None:
            self.last_event_id = event_id
        if retry is not None:
            self.retry = int(retry) / 1000


def check(status):
    """As an EventSource: 200 is a stream; what may pass is tried again; anything else is final."""
    if 500 <= status:
        raise ConnectionError(f"status {status}")
    if status != 200:
        raise Final(f"status {status}")
    report(type="open")


def listen_forever(listen):
    place = Place()
    while True:
        try:
            listen(sys.argv[1], place)
            report(type="error", message="the stream ended")
        except Final as final:
            report(type="closed", message=str(final))
            return
        except Exception as error:
            report(type="error", message=repr(error))
        time.sleep(place.retry)
