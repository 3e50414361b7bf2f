"""Web and mail servers as a machine has them: HTTP on 8080, HTTPS on 8443, SMTP on 2525, IMAP on 1143, POP3 on 1110.

SMTP on 2526 offers no STARTTLS; a name server on 5399 answers everything with SERVFAIL.
"""
import http.server
import socketserver
import ssl
import threading

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/srv/tls/good.pem", "/srv/tls/good.key")


class Web(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/private" and self.headers["Authorization"] != "Bearer s3cret":
            self.answer(401)
        elif self.path == "/down":
            self.answer(503)
        elif self.path == "/moved":
            self.answer(302, "/")
        else:
            self.answer(200)

    def answer(self, status, location=None):
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(b"all green\n")


def mail(greeting, steps):
    """A server that says its greeting and answers each line that begins with a key of `steps`."""

    class Mail(socketserver.StreamRequestHandler):
        def handle(self):
            self.wfile.write(greeting)
            for line in self.rfile:
                for begin, reply in steps.items():
                    if line.upper().startswith(begin):
                        self.wfile.write(reply)
                        if b"TLS" in begin:
                            context.wrap_socket(self.connection, server_side=True).recv(1)

    return Mail


class Failing(socketserver.BaseRequestHandler):
    def handle(self):
        query, server = self.request
        server.sendto(query[:2] + bytes([query[2] | 0x80, query[3] & 0xF0 | 2]) + query[4:], self.client_address)


smtp = {b"EHLO": b"250-localhost\r\n250-SIZE\r\n250 STARTTLS\r\n", b"STARTTLS": b"220 go ahead\r\n"}
plain = {b"EHLO": b"250-localhost\r\n250 SIZE\r\n"}
imap = {b"A STARTTLS": b"* CAPABILITY IMAP4rev1\r\na OK begin\r\n"}
pop3 = {b"STLS": b"+OK begin\r\n"}
socketserver.TCPServer.allow_reuse_address = True
web, secure = (http.server.ThreadingHTTPServer(("127.0.0.1", port), Web) for port in (8080, 8443))
secure.socket = context.wrap_socket(secure.socket, server_side=True)
servers = [
    web,
    secure,
    socketserver.ThreadingTCPServer(("127.0.0.1", 2525), mail(b"220-mail\r\n220 ready\r\n", smtp)),
    socketserver.ThreadingTCPServer(("127.0.0.1", 2526), mail(b"220 ready\r\n", plain)),
    socketserver.ThreadingTCPServer(("127.0.0.1", 1143), mail(b"* OK ready\r\n", imap)),
    socketserver.ThreadingTCPServer(("127.0.0.1", 1110), mail(b"+OK ready\r\n", pop3)),
    socketserver.UDPServer(("127.0.0.1", 5399), Failing),
]
for server in servers:
    threading.Thread(target=server.serve_forever).start()
