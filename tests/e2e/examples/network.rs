//! Examples that ask over the network: pages, certificates, names, ports. All of it is served on the machine's own loopback.

use super::Example;
use crate::checks::machine;
use crate::machine::{Machine, PATIENCE, wait_for};

/// Pages that are right, broken and slow.
const WEB_SERVER: &str = r#"
import http.server, threading
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/slow":
            threading.Event().wait(30)
        self.send_response({"/broken": 500, "/moved": 302}.get(self.path, 200))
        self.end_headers()
http.server.ThreadingHTTPServer(("127.0.0.1", 8000), Page).serve_forever()
"#;

#[track_caller]
fn wait_for_port(machine: &Machine, port: u16) {
    wait_for(&format!("port {port}"), PATIENCE, || {
        machine.run(&["bash", "-c", &format!(": < /dev/tcp/127.0.0.1/{port}")]).status.success()
    });
}

#[test]
fn a_page_that_is_wrong_slow_or_gone_is_found() {
    let machine = machine("examples-http");
    machine.write("/root/web.py", WEB_SERVER, 0o644);
    machine.sh("systemd-run --quiet --unit=web python3 /root/web.py").ok();
    let example = Example::add(&machine, "http-endpoint", &[]);
    wait_for_port(&machine, 8000);
    example.says(&["URL=http://127.0.0.1:8000/"], "OK", "answers after");
    example.says(&["URL=http://127.0.0.1:8000/moved"], "OK", "answers after");
    example.says(&["URL=http://127.0.0.1:8000/moved", "EXPECTED_STATUS=200"], "FAILURE", "answers with status 302");
    example.says(&["URL=http://127.0.0.1:8000/broken"], "FAILURE", "answers with status 500");
    example.says(&["URL=http://127.0.0.1:8000/", "WARNING_MS=0"], "WARNING", "answers only after");
    example.says(&["URL=http://127.0.0.1:8000/slow", "PATIENCE=1"], "FAILURE", "does not answer");
    machine.run(&["systemctl", "kill", "--signal=KILL", "web"]).ok();
    wait_for("the end of the server", PATIENCE, || !machine.run(&["systemctl", "is-active", "web"]).status.success());
    example.says(&["URL=http://127.0.0.1:8000/"], "FAILURE", "does not answer");
}

#[test]
fn a_certificate_is_read_from_its_server_and_from_its_file() {
    let machine = machine("examples-tls");
    machine
        .sh("mkdir /srv/tls && cd /srv/tls
             openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key -out first -subj /CN=localhost -days 1
             serve() {
               openssl x509 -in first -signkey key -days \"$2\" -out \"$1.pem\"
               systemd-run --quiet openssl s_server -quiet -accept \"$3\" -cert \"/srv/tls/$1.pem\" -key /srv/tls/key
             }
             serve good 90 4431; serve near 15 4432; serve last 3 4433; serve expired 0 4434
             mkdir -m 700 closed && cp good.pem closed/ && cp good.pem private.pem && chmod 600 private.pem")
        .ok();
    let example = Example::add(&machine, "certificate-expiry", &[]);
    (4431..=4434).for_each(|port| wait_for_port(&machine, port));
    example.says(&["CERTIFICATES=127.0.0.1:4431"], "OK", "expires in ");
    let said = example.says(&["CERTIFICATES=127.0.0.1:4431 127.0.0.1:4432"], "WARNING", "127.0.0.1:4432 expires in 1");
    assert!(said.lines.contains("127.0.0.1:4431: until "), "{said:?}");
    example.says(&["CERTIFICATES=127.0.0.1:4433"], "FAILURE", "expires in");
    example.says(&["CERTIFICATES=127.0.0.1:4434"], "FAILURE", "127.0.0.1:4434 has expired");
    example.says(
        &["CERTIFICATES=127.0.0.1:4431 127.0.0.1:1"],
        "FAILURE",
        "no certificate could be read from 127.0.0.1:1",
    );
    example.says(&["CERTIFICATES=/srv/tls/good.pem"], "OK", "/srv/tls/good.pem expires in ");
    example.says(&["CERTIFICATES=/srv/tls/expired.pem"], "FAILURE", "has expired");
    example.says(&["CERTIFICATES=/srv/tls/key"], "ERROR", "/srv/tls/key may not be read");
    example.says(&["CERTIFICATES=/etc/hosts"], "FAILURE", "no certificate could be read from /etc/hosts");
    for closed in ["/srv/tls/private.pem", "/srv/tls/closed/good.pem"] {
        let setting = format!("CERTIFICATES=/srv/tls/good.pem {closed}");
        example.says(&[&setting], "ERROR", &format!("{closed} may not be read by user _ssi-check"));
    }
}

#[test]
fn a_name_that_is_unknown_wrong_or_unanswered_is_found() {
    let machine = machine("examples-dns");
    machine.sh("rm -f /etc/resolv.conf && echo nameserver 127.0.0.1 > /etc/resolv.conf").ok();
    let serve = |address: &str| {
        machine.sh("systemctl stop dns 2> /dev/null; true").ok();
        let record = format!("--address=/shop.example/{address}");
        machine
            .run(&[
                "systemd-run",
                "--quiet",
                "--collect",
                "--unit=dns",
                "dnsmasq",
                "--keep-in-foreground",
                "--conf-file=/dev/null",
                "--listen-address=127.0.0.1",
                "--bind-interfaces",
                "--no-resolv",
                "--no-hosts",
                "--user=root",
                "--pid-file",
                &record,
            ])
            .ok();
        wait_for_port(&machine, 53);
    };
    let example = Example::add(&machine, "dns", &[]);
    let by_machine = ["NAMES=shop.example=192.0.2.10 localhost"];
    let by_server = ["NAMES=shop.example=192.0.2.10", "SERVER=127.0.0.1"];
    serve("192.0.2.10");
    let said = example.says(&by_machine, "OK", "2 of 2 names resolve");
    assert!(said.lines.contains("shop.example: 192.0.2.10"), "{said:?}");
    example.says(&by_server, "OK", "1 of 1 names resolve");
    example.says(&["NAMES=shop.example nowhere.example"], "FAILURE", "nowhere.example does not resolve");
    example.says(&["NAMES=nowhere.example", "SERVER=127.0.0.1"], "FAILURE", "nowhere.example does not resolve");
    serve("198.51.100.7");
    for settings in [&by_machine[..], &by_server[..]] {
        example.says(settings, "FAILURE", "shop.example resolves to 198.51.100.7 instead of 192.0.2.10");
    }
    machine.run(&["systemctl", "stop", "dns"]).ok();
    example.says(&by_machine, "FAILURE", "shop.example does not resolve");
    example.says(&by_server, "FAILURE", "shop.example: no answer");
}

#[test]
fn a_port_that_is_closed_or_silent_is_found() {
    let machine = machine("examples-tcp");
    let listen = "import socket,threading; s=socket.create_server(('127.0.0.1',7000)); threading.Event().wait()";
    machine.run(&["systemd-run", "--quiet", "--unit=listener", "python3", "-c", listen]).ok();
    let example = Example::add(&machine, "tcp-ports", &[]);
    wait_for_port(&machine, 7000);
    example.says(&["PORTS=127.0.0.1:7000 localhost:7000"], "OK", "2 of 2 ports accept connections");
    let said = example.says(
        &["PORTS=127.0.0.1:7000 127.0.0.1:7001"],
        "FAILURE",
        "1 of 2 ports accept no connection: 127.0.0.1:7001",
    );
    assert!(said.lines.contains("refused"), "{said:?}");
    example.says(&["PORTS=nowhere.example:80"], "FAILURE", "nowhere.example:80");
    // A cable to nobody.
    machine.sh("ip link add void type veth peer name deep && ip address add 192.0.2.1/24 dev void && ip link set void up && ip link set deep up").ok();
    let said = example.says(&["PORTS=127.0.0.1:7000 192.0.2.9:80", "PATIENCE=1"], "FAILURE", "192.0.2.9:80");
    assert!(said.lines.contains("192.0.2.9:80: no answer within 1 s"), "{said:?}");
    machine.run(&["systemctl", "stop", "listener"]).ok();
    example.says(&["PORTS=127.0.0.1:7000"], "FAILURE", "127.0.0.1:7000");
}
