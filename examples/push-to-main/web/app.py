"""Answers with its version, and with `ok` for the health check."""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = "ok" if self.path == "/health" else f"Hello from {os.environ['VERSION']}"
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{body}\n".encode())


ThreadingHTTPServer(("", 8000), Handler).serve_forever()
