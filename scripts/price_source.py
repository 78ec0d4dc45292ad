#!/usr/bin/env python3
"""The price of a token on one machine: several sources that answer as those in the world do, and as badly.

Serves on the loopback, each source in a shape of its own (price of the token in dollars):

  /a.json   {"price": 0.0400}                                 pointer /price
  /b.json   {"data": [{"pair": "WEIR-USD", "last": "0.0400"}]}    pointer /data/0/last
  /c.json   {"result": {"quotes": {"USD": 4.00e-2}}}          pointer /result/quotes/USD

What the price does, and what a source does instead of telling it, is said at any time over /control, and read by GET:

  curl -d '{"price": "0.05"}'                      .../control    jump to a price
  curl -d '{"walk": "0.01", "every": 5}'           .../control    walk at random: at most 1 % every 5 seconds
  curl -d '{"walk": "0"}'                          .../control    stand still
  curl -d '{"trend": "-0.5", "over": 3600}'        .../control    lose half within an hour, evenly
  curl -d '{"source": "b", "does": "crash"}'       .../control    answer HTTP 500
  curl -d '{"source": "b", "does": "hang"}'        .../control    take the request and say nothing for 30 seconds
  curl -d '{"source": "b", "does": "lag", "by": 600}'   .../control    tell the price of ten minutes ago
  curl -d '{"source": "b", "does": "lie", "by": "1.5"}' .../control    tell one and a half times the price
  curl -d '{"source": "b", "does": "stick"}'       .../control    go on telling what it tells now
  curl -d '{"source": "b", "does": "babble"}'      .../control    answer what is no JSON
  curl -d '{"source": "b", "does": "flood"}'       .../control    answer with a megabyte
  curl -d '{"source": "b", "does": "redirect"}'    .../control    send elsewhere
  curl -d '{"source": "b", "does": "tell"}'        .../control    tell the price again

"source": "all" is every one of them. The same can be said by a file (--file), which holds one such object a line and is read
again whenever it changes. Prices are decimal numbers as strings, so that none is rounded.

The first line on standard output is the address, once it is served. Python's standard library is all it needs.
"""

import argparse
import decimal
import http.server
import json
import os
import random
import sys
import threading
import time
import urllib.error
import urllib.request

LOWEST = decimal.Decimal("0.000000001")
HIGHEST = decimal.Decimal("1000000")
# Seconds of prices that are remembered for sources that lag.
MEMORY_SECONDS = 86_400
HANG_SECONDS = 30
CONTROL_BYTES = 4_096
DOES = ("tell", "crash", "hang", "lag", "lie", "stick", "babble", "flood", "redirect")
SHAPES = {
    "a": ("/price", lambda price: '{"price": %s}' % plain(price)),
    "b": ("/data/0/last", lambda price: '{"data": [{"pair": "WEIR-USD", "last": "%s"}]}' % plain(price)),
    "c": ("/result/quotes/USD", lambda price: '{"result": {"quotes": {"USD": %s}}}' % scientific(price)),
}


class Refused(Exception):
    """What was asked for makes no sense; the message says why."""


def plain(price):
    """As most write it: without an exponent."""
    return format(price, "f")


def scientific(price):
    """As some write it: 4.00e-2."""
    return format(price, "e").replace("E", "e")


def number(value, name):
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise Refused("%s is a decimal number in a string" % name)
    try:
        parsed = decimal.Decimal(value)
    except decimal.InvalidOperation:
        raise Refused("%s is no decimal number" % name) from None
    if not parsed.is_finite():
        raise Refused("%s is no finite number" % name)
    return parsed


def kept(price):
    """A price as it is told: eighteen decimals at most, within what counts."""
    return min(max(price, LOWEST), HIGHEST).quantize(decimal.Decimal(10) ** -18).normalize()


class Market:
    """The price, and what each source does. Time is an argument, so that a test needs none."""

    def __init__(self, price, seed=0, now=0.0):
        self.lock = threading.Lock()
        self.random = random.Random(seed)
        self.walk = decimal.Decimal(0)
        self.every = 5.0
        self.trend = None
        self.told = now
        self.history = [(now, kept(price))]
        self.sources = {name: {"does": "tell"} for name in SHAPES}

    def price(self, now):
        """The price at this moment, every step of the walk until then taken."""
        if self.trend is not None:
            began, over, start, share = self.trend
            passed = decimal.Decimal(str(min((now - began) / over, 1.0)))
            self.set(start * (1 + share * passed), now)
            if now - began >= over:
                self.trend = None
            self.told = now
        elif self.walk:
            # After a long silence only the last steps are taken: nobody saw the others.
            self.told = max(self.told, now - 1_000 * self.every)
            while now - self.told >= self.every:
                self.told += self.every
                step = decimal.Decimal(str(self.random.uniform(-1, 1))) * self.walk
                self.set(self.history[-1][1] * (1 + step), self.told)
        else:
            self.told = now
        return self.history[-1][1]

    def set(self, price, now):
        price = kept(price)
        if price != self.history[-1][1]:
            self.history.append((now, price))
        while len(self.history) > 1 and self.history[1][0] < now - MEMORY_SECONDS:
            self.history.pop(0)

    def before(self, seconds, now):
        """The price of so many seconds ago, or the oldest known."""
        known = [price for at, price in self.history if at <= now - seconds]
        return known[-1] if known else self.history[0][1]

    def order(self, order, now):
        """Does what was asked for over the control, or says why not and does nothing."""
        if not isinstance(order, dict) or not order:
            raise Refused("an order is an object: see --help")
        unknown = set(order) - {"price", "walk", "every", "trend", "over", "source", "does", "by"}
        if unknown:
            raise Refused("unknown: %s" % ", ".join(sorted(unknown)))
        current = self.price(now)
        change = {}
        if "price" in order:
            price = number(order["price"], "price")
            if not LOWEST <= price <= HIGHEST:
                raise Refused("price is between %s and %s" % (plain(LOWEST), plain(HIGHEST)))
            change["price"] = price
        if "walk" in order:
            change["walk"] = number(order["walk"], "walk")
            if not 0 <= change["walk"] < 1:
                raise Refused("walk is at least 0 and below 1")
        if "every" in order:
            change["every"] = float(number(order["every"], "every"))
            if not 0.05 <= change["every"] <= 86_400:
                raise Refused("every is between 0.05 and 86400 seconds")
        if "trend" in order or "over" in order:
            share, over = number(order.get("trend", ""), "trend"), float(number(order.get("over", ""), "over"))
            if not (-1 < share <= 1_000 and 0 < over <= 30 * 86_400):
                raise Refused("trend is above -1, and over is a time of 30 days at most")
            change["trend"] = (now, over, change.get("price", current), share)
        if "source" in order or "does" in order or "by" in order:
            change["source"] = self.conduct(order, now)
        if "price" in change:
            self.trend = None
            self.set(change["price"], now)
        if "walk" in change:
            self.walk, self.trend, self.told = change["walk"], None, now
        self.every = change.get("every", self.every)
        self.trend = change.get("trend", self.trend)
        for name, does in change.get("source", {}).items():
            self.sources[name] = does

    def conduct(self, order, now):
        name, does = order.get("source"), order.get("does")
        if name != "all" and name not in SHAPES:
            raise Refused("source is one of %s, all" % ", ".join(SHAPES))
        if does not in DOES:
            raise Refused("does is one of %s" % ", ".join(DOES))
        if ("by" in order) != (does in ("lag", "lie")):
            raise Refused("by is for lag (seconds) and lie (times the price)")
        changes = {}
        for name in SHAPES if name == "all" else [name]:
            changes[name] = {"does": does}
            if does == "stick":
                changes[name]["at"] = self.told_by(name, now)
            if "by" in order:
                changes[name]["by"] = number(order["by"], "by")
                if changes[name]["by"] <= 0:
                    raise Refused("by is above zero")
        return changes

    def told_by(self, name, now):
        """The price as a source tells it, if it tells one."""
        price, source = self.price(now), self.sources[name]
        if source["does"] == "lag":
            return self.before(float(source["by"]), now)
        if source["does"] == "lie":
            return kept(price * source["by"])
        if source["does"] == "stick":
            return source["at"]
        return price

    def state(self, now):
        """What /control answers a GET with."""
        sources = {}
        for name, source in self.sources.items():
            shown = {key: value if isinstance(value, str) else plain(value) for key, value in source.items()}
            sources[name] = dict(shown, path="/%s.json" % name, pointer=SHAPES[name][0])
        return {"price": plain(self.price(now)), "walk": plain(self.walk), "every": self.every, "sources": sources}


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers one request."""

    protocol_version = "HTTP/1.1"
    # A client that sends half a request does not keep its thread.
    timeout = 60

    def log_message(self, form, *args):
        if self.server.is_verbose:
            sys.stderr.write("%s %s\n" % (time.strftime("%H:%M:%S"), form % args))

    def answer(self, status, body, kind="application/json", headers=()):
        body = body.encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            # Whoever had enough of it has hung up.
            self.close_connection = True

    def do_GET(self):
        market, path = self.server.market, self.path.split("?")[0]
        if path == "/control":
            with market.lock:
                state = market.state(time.time())
            return self.answer(200, json.dumps(state, indent=2) + "\n")
        name = path[1:-5] if path.endswith(".json") else None
        if name not in SHAPES:
            return self.answer(404, '{"error": "there are /control, %s"}\n' % ", ".join("/%s.json" % n for n in SHAPES))
        with market.lock:
            does, price = market.sources[name]["does"], market.told_by(name, time.time())
        if does == "crash":
            return self.answer(500, '{"error": "out of order"}\n')
        if does == "hang":
            self.server.stopping.wait(HANG_SECONDS)
            self.close_connection = True
            return None
        if does == "babble":
            return self.answer(200, "<html><body>Be right back</body></html>\n", kind="text/html")
        if does == "flood":
            return self.answer(200, '{"filler": "%s"}' % ("x" * 1_000_000))
        if does == "redirect":
            return self.answer(302, "", headers=[("location", "/a.json?from=%s" % name)])
        return self.answer(200, SHAPES[name][1](price) + "\n")

    def do_POST(self):
        if self.path != "/control":
            return self.answer(404, '{"error": "orders go to /control"}\n')
        length = self.headers.get("content-length", "")
        if not length.isdigit() or int(length) > CONTROL_BYTES:
            self.close_connection = True
            return self.answer(400, '{"error": "an order has a length, of at most %d"}\n' % CONTROL_BYTES)
        try:
            with self.server.market.lock:
                self.server.market.order(json.loads(self.rfile.read(int(length))), time.time())
                state = self.server.market.state(time.time())
        except (ValueError, Refused) as error:
            return self.answer(400, json.dumps({"error": str(error)}) + "\n")
        return self.answer(200, json.dumps(state) + "\n")


class Server(http.server.ThreadingHTTPServer):
    """Serves a market on the loopback."""

    daemon_threads = True

    def __init__(self, port, market, is_verbose=False):
        super().__init__(("127.0.0.1", port), Handler)
        self.market = market
        self.is_verbose = is_verbose
        self.stopping = threading.Event()

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.server_address[1]


def follow(path, server):
    """Does what the file says, each time it changes. Blocks."""
    seen = None
    while not server.stopping.wait(0.25):
        try:
            stamp = os.stat(path)
            stamp = (stamp.st_mtime_ns, stamp.st_size)
            if stamp == seen:
                continue
            with open(path, encoding="utf-8") as file:
                lines = [line for line in file if line.strip()]
        except OSError as error:
            if seen != "missing":
                sys.stderr.write("%s: %s\n" % (path, error))
            seen = "missing"
            continue
        seen = stamp
        for line in lines:
            try:
                with server.market.lock:
                    server.market.order(json.loads(line), time.time())
            except (ValueError, Refused) as error:
                sys.stderr.write("%s: %s: %s\n" % (path, line.strip(), error))


def fetch(url, data=None, timeout=5):
    """Status and text of an answer, without following where it sends."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    opener = urllib.request.build_opener(Stay, urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, data=None if data is None else json.dumps(data).encode())
    try:
        with opener.open(request, timeout=timeout) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def pointed(text, pointer):
    value = json.loads(text, parse_float=decimal.Decimal)
    for token in pointer.split("/")[1:]:
        value = value[int(token)] if isinstance(value, list) else value[token]
    return decimal.Decimal(value)


def check(condition, what):
    if not condition:
        raise SystemExit("self test failed: %s" % what)


def check_market():
    """The market alone, in a time of its own."""
    market = Market(decimal.Decimal("0.04"), seed=1)
    market.order({"walk": "0.01", "every": "5"}, 0.0)
    check(market.price(4.9) == decimal.Decimal("0.04"), "no step before its time")
    before = market.price(0.0)
    for now in range(5, 500, 5):
        price = market.price(float(now))
        check(price != before and abs(price / before - 1) <= decimal.Decimal("0.0100001"), "a step of the walk")
        before = price
    market.order({"walk": "0"}, 499.0)
    check(market.price(1_000.0) == before, "it stands still")
    market.order({"price": "0.08"}, 1_000.0)
    market.order({"trend": "-0.5", "over": "100"}, 1_000.0)
    check(market.price(1_050.0) == decimal.Decimal("0.06"), "half of the way")
    check(market.price(2_000.0) == decimal.Decimal("0.04"), "all of the way")
    market.order({"source": "a", "does": "lag", "by": 970}, 2_000.0)
    check(market.told_by("a", 2_000.0) == decimal.Decimal("0.08"), "the price of a while ago")
    market.order({"source": "a", "does": "lag", "by": 86_000}, 2_000.0)
    check(market.told_by("a", 2_000.0) == decimal.Decimal("0.04"), "the oldest price")
    market.order({"price": "1000000"}, 2_000.0)
    market.order({"source": "b", "does": "lie", "by": "2"}, 2_000.0)
    check(market.told_by("b", 2_000.0) == HIGHEST, "nobody tells what does not count")
    market.set(decimal.Decimal(0), 2_001.0)
    check(market.price(2_001.0) == LOWEST, "the lowest price")
    twins = [Market(decimal.Decimal(1), seed=7) for _ in range(2)]
    for twin in twins:
        twin.order({"walk": "0.1"}, 0.0)
    check(twins[0].price(100.0) == twins[1].price(100.0), "one seed, one walk")
    state = json.dumps(market.state(2_001.0))
    for order in (
        [],
        {},
        {"what": 1},
        {"price": 0.04},
        {"price": "0"},
        {"price": "1000001"},
        {"price": "NaN"},
        {"price": True},
        {"price": "x"},
        {"walk": "1"},
        {"walk": "-1"},
        {"every": "0"},
        {"trend": "-1", "over": "1"},
        {"trend": "1"},
        {"source": "d", "does": "crash"},
        {"source": "a", "does": "dance"},
        {"source": "a", "does": "lie"},
        {"source": "a", "does": "lie", "by": "0"},
        {"source": "a", "does": "crash", "by": "1"},
        # Half an order is none.
        {"price": "5", "source": "a", "does": "dance"},
    ):
        try:
            market.order(order, 2_001.0)
        except Refused:
            check(json.dumps(market.state(2_001.0)) == state, "%s changes nothing" % order)
        else:
            check(False, "%s is refused" % order)


def check_server():
    """All sources over HTTP, whatever they do."""
    server = Server(0, Market(decimal.Decimal("0.04"), now=time.time()))
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def tell(**order):
        status, text = fetch(server.url + "/control", order)
        check(status == 200, "%s: %s" % (order, text))

    def told(name):
        status, text = fetch("%s/%s.json" % (server.url, name))
        check(status == 200, "%s: HTTP %d" % (name, status))
        return pointed(text, SHAPES[name][0])

    try:
        for price in ("0.04", "0.000000001", "1000000", "0.0412345678901234567"[:20]):
            tell(price=price)
            for name in SHAPES:
                check(told(name) == decimal.Decimal(price), "%s tells %s" % (name, price))
        tell(price="0.04")
        tell(source="b", does="crash")
        check(fetch(server.url + "/b.json")[0] == 500, "a crash")
        check(told("a") == told("c") == decimal.Decimal("0.04"), "the others go on")
        tell(source="b", does="redirect")
        check(fetch(server.url + "/b.json")[0] == 302, "a redirection")
        tell(source="b", does="babble")
        status, text = fetch(server.url + "/b.json")
        check(status == 200 and text.startswith("<html>"), "babble")
        tell(source="b", does="flood")
        check(len(fetch(server.url + "/b.json")[1]) > 65_536, "a flood")
        tell(source="b", does="lie", by="1.5")
        check(told("b") == decimal.Decimal("0.06"), "a lie")
        tell(source="c", does="stick")
        tell(price="0.05")
        check(told("c") == decimal.Decimal("0.04") and told("a") == decimal.Decimal("0.05"), "what sticks")
        tell(source="b", does="hang")
        try:
            fetch(server.url + "/b.json", timeout=0.3)
            check(False, "it hangs")
        except (TimeoutError, urllib.error.URLError):
            pass
        check(told("a") == decimal.Decimal("0.05"), "nobody waits for one that hangs")
        tell(source="all", does="tell")
        check(len({told(name) for name in SHAPES}) == 1, "all tell again")
        status, text = fetch(server.url + "/control", {"price": "-1"})
        check(status == 400 and "error" in json.loads(text), "a bad order")
        check(fetch(server.url + "/control", {"x": "y" * CONTROL_BYTES})[0] == 400, "a long order")
        check(fetch(server.url + "/d.json")[0] == 404, "no such source")
        state = json.loads(fetch(server.url + "/control")[1])
        check(state["price"] == "0.05" and state["sources"]["b"]["pointer"] == "/data/0/last", "the state")
    finally:
        server.stopping.set()
        server.shutdown()
        server.server_close()


def check_file():
    """Orders by a file."""
    import tempfile

    server = Server(0, Market(decimal.Decimal("0.04"), now=time.time()))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "orders")
        with open(path, "w", encoding="utf-8") as file:
            file.write('{"price": "0.07"}\n\n{"source": "a", "does": "crash"}\n')
        follower = threading.Thread(target=follow, args=(path, server), daemon=True)
        follower.start()
        deadline = time.time() + 10
        while time.time() < deadline and server.market.sources["a"]["does"] != "crash":
            time.sleep(0.05)
        with server.market.lock:
            price = server.market.price(time.time())
        check(price == decimal.Decimal("0.07"), "the file is read")
        check(server.market.sources["a"]["does"] == "crash", "all of the file is read")
        server.stopping.set()
        follower.join(5)
        check(not follower.is_alive(), "the reader ends")
    server.server_close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=9711, help="port on 127.0.0.1; 0 takes a free one (default 9711)")
    parser.add_argument("--price", default="0.04", help="dollars per token to begin with (default 0.04)")
    parser.add_argument("--walk", default="0", help="largest step of a random walk, as a share (default 0: none)")
    parser.add_argument("--every", default="5", help="seconds between its steps (default 5)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the walk: one seed, one walk (default 0)")
    parser.add_argument("--file", help="orders, one JSON object a line, read whenever the file changes")
    parser.add_argument("--verbose", action="store_true", help="log each request to standard error")
    parser.add_argument("--self-test", action="store_true", help="test this program, then end")
    options = parser.parse_args()
    decimal.getcontext().prec = 50
    if options.self_test:
        check_market()
        check_server()
        check_file()
        print("price_source: self test passed")
        return
    market = Market(decimal.Decimal(1), options.seed, time.time())
    try:
        market.order({"price": options.price, "walk": options.walk, "every": options.every}, time.time())
    except Refused as error:
        parser.error(str(error))
    market.history = market.history[-1:]
    try:
        server = Server(options.port, market, options.verbose)
    except OSError as error:
        parser.error("port %d: %s" % (options.port, error))
    if options.file:
        threading.Thread(target=follow, args=(options.file, server), daemon=True).start()
    print(server.url, flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.stopping.set()
        server.server_close()


if __name__ == "__main__":
    main()
