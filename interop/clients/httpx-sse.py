import httpx
from httpx_sse import connect_sse

from report import check, listen_forever, report_event


def listen(url, place):
    with httpx.Client(timeout=None) as client:
        with connect_sse(client, "GET", url, headers=place.headers()) as source:
            check(source.response.status_code)
            for event in source.iter_sse():
                place.take(event.id, event.retry)
                report_event(event.event, event.data, event.id)


listen_forever(listen)
