"""Prints what a WebSocket server sends, one JSON object a line; with --resume it connects again and again.

{"connected": URL}, then {"at": SECONDS SINCE 1970, "frame": JSON OR TEXT} for each frame, at last {"close": CODE, "reason": TEXT};
or {"refused": HTTP STATUS, 0 without an answer, "reason": TEXT}.
"""

import argparse
import asyncio
import json
import ssl
import time
import urllib.parse

import websockets

try:  # websockets 13 and later
    from websockets.asyncio.client import connect
    HEADERS = "additional_headers"
except ImportError:
    from websockets.client import connect
    HEADERS = "extra_headers"


def say(**line):
    print(json.dumps(line), flush=True)


def parse(text):
    try:
        return json.loads(text)
    except ValueError:
        return text if isinstance(text, str) else text.hex()


place = None


async def follow(ws, options):
    global place
    seen = 0
    async for text in ws:
        f = parse(text)
        say(at=time.time(), frame=f)
        place = (f["epoch"], f["seq"]) if isinstance(f, dict) and "seq" in f else place
        seen += 1
        if seen == options.count or (options.until and eval(options.until, {"f": f})):
            return


async def main(options):
    await connection(options, options.url)
    while options.resume:
        await asyncio.sleep(0.05)
        await connection(options, f"{options.url}?since={place[0]}:{place[1]}" if place else options.url)


async def connection(options, url):
    elsewhere = {"host": options.connect} if options.connect else {}
    if options.ca:
        elsewhere |= {"ssl": ssl.create_default_context(cafile=options.ca), "server_hostname": urllib.parse.urlsplit(url).hostname}
    headers = [tuple(part.strip() for part in header.split(":", 1)) for header in options.header]
    try:
        ws = await connect(
            url,
            origin=options.origin,
            subprotocols=options.subprotocol or None,
            max_size=None,
            ping_interval=None,
            **{HEADERS: headers},
            **elsewhere,
        )
    except (OSError, asyncio.TimeoutError, websockets.exceptions.WebSocketException) as error:
        response = getattr(error, "response", None)
        status = getattr(error, "status_code", None) or getattr(response, "status_code", 0)
        say(refused=status, reason=str(error))
        return
    say(connected=url, subprotocol=ws.subprotocol)
    try:
        await asyncio.wait_for(follow(ws, options), options.timeout)
    except asyncio.TimeoutError:
        pass
    except websockets.exceptions.ConnectionClosed:
        pass
    await ws.close()
    say(close=ws.close_code or 1006, reason=ws.close_reason or "")


parser = argparse.ArgumentParser()
parser.add_argument("--url", required=True)
parser.add_argument("--header", action="append", default=[], metavar="KEY:VALUE")
parser.add_argument("--origin")
parser.add_argument("--subprotocol", action="append", default=[])
parser.add_argument("--connect", metavar="ADDRESS", help="connect there, whatever the URL names")
parser.add_argument("--ca", metavar="FILE", help="trust this certificate")
parser.add_argument("--count", type=int, help="close after this many frames")
parser.add_argument("--until", help="close after a frame `f` for which this Python expression is true")
parser.add_argument("--resume", action="store_true", help="after each loss connect again, from the last frame on")
parser.add_argument("--timeout", type=float, help="close after this many seconds")
asyncio.run(main(parser.parse_args()))
