"""Sends requests to a web server on 127.0.0.1, as a day of visitors would: pages, mistakes, crawlers, probes."""

import http.client
import random
import sys

port, count = int(sys.argv[1]), int(sys.argv[2])
kind = sys.argv[3] if len(sys.argv) > 3 else "site"
chance = random.Random(port)
AGENTS = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "curl/7.88.1",
]
SITE = ["/", "/index.html", "/style.css", "/products?page=%d", "/products/%d", "/img/logo-%d.png", "/missing/%d",
        "/wp-login.php", "/../../etc/passwd", "/search?q=blue+widget+%d", "/private/", "/big"]
SHOP = ["/order/widget?count=%d", "/order/sprocket?count=%d", "/order/gizmo?count=1", "/order/widget?count=many",
        "/order/anvil?count=%d", "/cart/null"]
WEIGHTS = [40, 40, 4, 2, 1, 1]
for number in range(count):
    shop = kind == "shop"
    path = chance.choices(SHOP, WEIGHTS)[0] if shop else chance.choice(SITE)
    path = path % chance.randrange(1, 40) if "%d" in path else path
    address = f"{chance.choice(['203.0.113', '198.51.100', '192.0.2'])}.{chance.randrange(1, 60)}"
    headers = {"User-Agent": chance.choice(AGENTS), "X-Forwarded-For": address}
    if chance.random() < 0.3:
        headers["Referer"] = f"https://www.example.com/products/{chance.randrange(40)}"
    method = chance.choices(["GET", "POST", "HEAD"], [90, 6, 4])[0]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(method, path, body="a=1" if method == "POST" else None, headers=headers)
        connection.getresponse().read()
    except OSError as error:
        print(f"visitor: {error}", file=sys.stderr)
    connection.close()
