import requests
import sseclient

from report import check, listen_forever, report_event


def listen(url, place):
    headers = {"Accept": "text/event-stream", **place.headers()}
    with requests.get(url, stream=True, headers=headers) as response:
        check(response.status_code)
        for event in sseclient.SSEClient(response).events():
            place.take(event.id, event.retry)
            report_event(event.event, event.data, event.id or "")


listen_forever(listen)
