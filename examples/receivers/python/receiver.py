"""Receives Tidings' webhooks with nothing but the standard library.

    TIDINGS_SECRET=whsec_... python3 receiver.py 9000

Answers 204 to what is signed with the secret and 401 to everything else; prints one line of JSON for each event.
The same event can arrive twice: before you act on one, look its id up among those you have handled.
"""

import base64, hashlib, hmac, json, os, re, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = base64.b64decode(os.environ["TIDINGS_SECRET"].removeprefix("whsec_"))
if not 24 <= len(KEY) <= 64:
    sys.exit("TIDINGS_SECRET must be whsec_ and 24 to 64 bytes in base64")
MAX_BODY = 16 * 1024 * 1024
TOLERANCE = 5 * 60  # seconds between their clock and ours


def verified(headers, body):
    """Whether one of the signatures is ours and fresh (Standard Webhooks 1.0)."""
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not re.fullmatch("[0-9]{1,12}", timestamp) or abs(time.time() - int(timestamp)) > TOLERANCE:
        return False
    signed = f"{message_id}.{timestamp}.".encode() + body
    expected = b"v1," + base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest())
    given = headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(expected, signature.encode()) for signature in given)


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 15  # seconds that a client may be silent

    def do_POST(self):
        length = self.headers.get("content-length", "")
        if not re.fullmatch("[0-9]{1,12}", length) or int(length) > MAX_BODY:
            self.close_connection = True
            return self.answer(413)
        body = self.rfile.read(int(length))
        if not verified(self.headers, body):
            return self.answer(401)
        print(json.dumps({"id": self.headers["webhook-id"], "event": json.loads(body)}, ensure_ascii=False), flush=True)
        self.answer(204)

    def answer(self, status):
        self.send_response(status)
        if status != 204:
            self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver)
    print(f"listening on http://127.0.0.1:{server.server_port}/", file=sys.stderr, flush=True)
    server.serve_forever()
