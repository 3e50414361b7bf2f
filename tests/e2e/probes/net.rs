//! `ssi probe` as the one line of a check, in the sandbox, against real servers: web, mail, names, certificates in all states.

use super::{Row, run};
use crate::checks::{Script, machine, ssi};
use crate::machine::{Machine, PATIENCE, wait_for};

const CERTIFICATES: &str = include_str!("net/certificates.bash");
const SERVERS: &str = include_str!("net/servers.py");

/// A machine with certificates and servers for each.
fn machine_with_certificates(name: &str) -> Machine {
    let machine = machine(name);
    machine.sh(CERTIFICATES).ok();
    wait_for_ports(&machine, 4431..=4437);
    machine
}

fn serve(machine: &Machine) {
    machine.write("/srv/servers.py", SERVERS, 0o644);
    machine.sh("systemd-run --quiet --unit=servers /usr/bin/python3 /srv/servers.py").ok();
    wait_for_ports(machine, [8080, 8443, 2525, 2526, 1143, 1110]);
}

fn wait_for_ports(machine: &Machine, ports: impl IntoIterator<Item = u16>) {
    for port in ports {
        let open = format!("exec 3<> /dev/tcp/127.0.0.1/{port}");
        wait_for(&format!("port {port}"), PATIENCE, || machine.sh(&open).status.success());
    }
}

/// Asks as checks that have no network but loopback.
#[track_caller]
fn assert_answers(machine: &Machine, rows: &[Row]) {
    let script = |(id, question, ..): &Row| Script::new(id, &format!("ssi probe {question}")).with("network: loopback");
    run(machine, &rows.iter().map(script).collect::<Vec<_>>(), rows);
}

#[test]
fn certificates_in_all_states() {
    let machine = machine_with_certificates("certificates");
    assert_answers(
        &machine,
        &[
            ("good", "cert localhost:4431", "OK", "localhost:4431: the certificate expires in 89 days"),
            ("soon", "cert localhost:4432", "WARNING", "expires in 10 days"),
            ("soon-enough", "cert localhost:4432 -w 9: -c 3:", "OK", "expires in 10 days"),
            ("urgent", "cert localhost:4433", "FAILURE", "expires in 3 days"),
            ("expired", "cert localhost:4434", "FAILURE", "the certificate expired 3 days ago"),
            ("future", "cert localhost:4435", "FAILURE", "is not valid before 20"),
            ("other", "cert localhost:4436", "FAILURE", "is not for localhost but for other.example"),
            ("named", "cert localhost:4436 --name other.example", "OK", "expires in 89 days"),
            ("self-signed", "cert localhost:4437", "FAILURE", "is self-signed and not trusted"),
            ("accepted", "cert localhost:4437 --any-issuer", "OK", "expires in"),
            ("pinned", "cert localhost:4437 --ca /srv/tls/self.pem", "OK", "expires in"),
            ("stranger", "cert localhost:4431 --ca /srv/tls/self.pem", "FAILURE", "issuer that is not trusted"),
            ("worst", "cert localhost:4431 localhost:4434", "FAILURE", "localhost:4434: the certificate expired"),
            ("file", "cert /srv/tls/good.pem", "OK", "/srv/tls/good.pem: the certificate expires in 89 days"),
            ("bundle", "cert /srv/tls/bundle.pem", "WARNING", "expires in 10 days"),
            ("stale-file", "cert /srv/tls/expired.pem", "FAILURE", "expired 3 days ago"),
            ("no-file", "cert /srv/tls/none.pem", "ERROR", "could not read `/srv/tls/none.pem`: No such file"),
            ("no-right", "cert /srv/tls/good.key", "ERROR", "Permission denied"),
            ("no-certificate", "cert /srv/tls/ca.cnf", "ERROR", "holds no certificate"),
            ("refused", "cert localhost:4499", "FAILURE", "127.0.0.1:4499 refused"),
            ("https-good", "http https://localhost:4431/", "OK", "status 200 OK"),
            ("https-soon", "http https://localhost:4432/", "WARNING", "the certificate expires in 10 days"),
            ("https-urgent", "http https://localhost:4433/", "FAILURE", "the certificate expires in 3 days"),
            ("https-expired", "http https://localhost:4434/", "FAILURE", "tls: the certificate expired 3 days ago"),
            ("https-other", "http https://localhost:4436/", "FAILURE", "tls: the certificate is not for localhost"),
            ("https-self", "http https://localhost:4437/", "FAILURE", "tls: the certificate is self-signed"),
            ("https-insecure", "http https://localhost:4434/ --insecure", "OK", "status 200 OK"),
            ("https-pinned", "http https://localhost:4437/ --ca /srv/tls/self.pem", "OK", "status 200 OK"),
            (
                "https-elsewhere",
                "http https://other.example/ --connect localhost:4436",
                "OK",
                "https://other.example/: status 200 OK",
            ),
        ],
    );
    // What can't be verified is not down.
    machine.sh("mv /etc/ssl/certs /etc/ssl/certs.away").ok();
    let rows = [
        ("no-authorities", "cert localhost:4431", "ERROR", "no certificate authorities to trust"),
        ("no-authorities-https", "http https://localhost:4431/", "ERROR", "no certificate authorities to trust"),
        ("own-authority", "cert localhost:4431 --ca /srv/tls/ca.pem", "OK", "expires in 89 days"),
    ];
    assert_answers(&machine, &rows);
}

#[test]
fn web_and_mail_servers() {
    let machine = machine_with_certificates("servers");
    machine.write("/srv/token", "s3cret\n", 0o400);
    machine.sh("chown _ssi-check /srv/token").ok();
    serve(&machine);
    assert_answers(
        &machine,
        &[
            ("web", "http http://localhost:8080/ --contains green -w 5 -c 8", "OK", "status 200 OK"),
            ("secure", "http https://localhost:8443/ --contains green", "OK", "the certificate expires in 89 days"),
            ("down", "http http://localhost:8080/down", "FAILURE", "status 503 Service Unavailable"),
            ("moved", "http http://localhost:8080/moved --follow --status 200", "OK", "status 200 OK"),
            ("locked", "http https://localhost:8443/private", "FAILURE", "status 401 Unauthorized"),
            ("unlocked", "http https://localhost:8443/private --bearer-file /srv/token", "OK", "status 200 OK"),
            ("smtp", "cert localhost:2525 --starttls smtp", "OK", "expires in 89 days"),
            ("imap", "cert localhost:1143 --starttls imap", "OK", "expires in 89 days"),
            ("pop3", "cert localhost:1110 --starttls pop3", "OK", "expires in 89 days"),
            ("not-offered", "cert localhost:2526 --starttls smtp", "FAILURE", "does not offer STARTTLS"),
            (
                "not-mail",
                "cert localhost:1143 --starttls smtp -t 2s",
                "FAILURE",
                "starttls: the server said `* OK ready`",
            ),
            ("no-tls", "cert localhost:2525 -t 2s", "FAILURE", "tls: the server does not speak TLS"),
            (
                "ports",
                "tcp localhost:8080 localhost:2525 --expect-banner 220 -t 2s",
                "FAILURE",
                "localhost:8080 banner",
            ),
            ("open", "tcp localhost:8080 localhost:2525", "OK", "all 2 answer"),
        ],
    );
    let log = machine.read("/var/log/service-status-indicator/unlocked.log");
    assert!(!log.contains("s3cret") && log.contains("'certificate'="), "{log}");
    machine.sh("systemctl stop servers").ok();
    let rows = [
        ("web-gone", "http http://localhost:8080/", "FAILURE", "127.0.0.1:8080 refused"),
        ("ports-gone", "tcp localhost:8080 localhost:4431", "FAILURE", "localhost:8080 connect: "),
    ];
    assert_answers(&machine, &rows);
}

const NAME_SERVER: &str = "\
    systemd-run --quiet --unit=names dnsmasq --keep-in-foreground --conf-file=/dev/null --user=root --no-resolv --no-hosts \
    --listen-address=127.0.0.1 --bind-interfaces --local-ttl=300 --local=/test/ --server=/broken.test/127.0.0.1#5399 \
    --host-record=www.test,192.0.2.7,2001:db8::7 --cname=alias.test,www.test --mx-host=test,mail.test,10 \
    --txt-record=test,'v=spf1 -all' --srv-host=_imaps._tcp.test,mail.test,993";

#[test]
fn a_name_server() {
    let machine = machine_with_certificates("names");
    serve(&machine);
    machine.sh("rm -f /etc/resolv.conf; echo 'nameserver 127.0.0.1\nsearch test' > /etc/resolv.conf").ok();
    machine.sh(NAME_SERVER).ok();
    wait_for("the name server", PATIENCE, || ssi(&machine, &["probe", "dns", "www.test"]).code() == 0);
    assert_answers(
        &machine,
        &[
            ("address", "dns www.test --expect 192.0.2.7", "OK", "A www.test is 192.0.2.7, answered by 127.0.0.1:53"),
            ("aaaa", "dns www.test --type AAAA --expect 2001:DB8:0::7", "OK", "2001:db8::7"),
            ("alias", "dns alias.test --type CNAME --expect www.test.", "OK", "www.test"),
            ("through-alias", "dns alias.test --expect 192.0.2.7", "OK", "192.0.2.7"),
            ("mail", "dns test --type MX --expect '10 mail.test'", "OK", "10 mail.test"),
            ("txt", "dns test. --type TXT --expect 'v=spf1 -all'", "OK", "v=spf1 -all"),
            ("srv", "dns _imaps._tcp.test --type SRV", "OK", "993 mail.test"),
            ("ptr", "dns 192.0.2.7 --type PTR --expect www.test", "OK", "www.test"),
            ("searched", "dns www", "OK", "192.0.2.7"),
            ("unexpected", "dns www.test --expect 192.0.2.8", "FAILURE", "is 192.0.2.7, expected 192.0.2.8"),
            ("nobody", "dns nobody.test", "FAILURE", "NXDOMAIN from 127.0.0.1:53"),
            ("no-mx", "dns www.test --type MX", "FAILURE", "no answer of this type"),
            ("broken", "dns www.broken.test --server 127.0.0.1", "FAILURE", "SERVFAIL from 127.0.0.1:53"),
            ("dead", "dns www.test --server 127.0.0.1:54", "FAILURE", "no answer: 127.0.0.1:54 refused"),
            ("unknown-host", "tcp nobody.test:80", "FAILURE", "`nobody.test` does not resolve"),
        ],
    );
    machine.sh("systemctl stop names").ok();
    let rows = [("stopped", "dns www.test", "FAILURE", "no answer: 127.0.0.1:53 refused")];
    assert_answers(&machine, &rows);
    machine.sh("echo '# nothing' > /etc/resolv.conf").ok();
    let rows = [("unconfigured", "dns www.test", "ERROR", "`/etc/resolv.conf` names no server")];
    assert_answers(&machine, &rows);
    machine.sh("rm /etc/resolv.conf").ok();
    assert_answers(
        &machine,
        &[("no-resolv-conf", "dns www.test", "ERROR", "could not read `/etc/resolv.conf`: No such file")],
    );
}
