"""Says how often it was asked; Redis counts (its protocol is a line per answer)."""
import os
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def visits():
    with socket.create_connection(("counter", 6379)) as redis, redis.makefile("rw", newline="\r\n") as lines:
        lines.write(f"AUTH {os.environ['REDIS_PASSWORD']}\nINCR visits\n")
        lines.flush()
        lines.readline()
        return lines.readline().strip().lstrip(":")


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"Hello from two services, visit {visits()}\n".encode())


ThreadingHTTPServer(("", 8000), Page).serve_forever()
