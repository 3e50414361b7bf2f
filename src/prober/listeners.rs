//! The TCP ports of this host that somebody listens on.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader};

/// What the kernel shows of the network that this process is in; the second is missing where there is no IPv6.
const TABLES: [&str; 2] = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];
/// `TCP_LISTEN` in the column of states.
const LISTENS: &str = "0A";

/// The ports, whatever the address.
pub(super) fn read() -> io::Result<BTreeSet<u16>> {
    let [v4, v6] = TABLES;
    let mut ports = of_table(BufReader::new(File::open(v4)?))?;
    match File::open(v6) {
        Ok(file) => ports.extend(of_table(BufReader::new(file))?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    Ok(ports)
}

/// Reads a table (proc_net_tcp in the kernel's documentation): sockets that listen come first. The connections that follow may be many.
fn of_table(table: impl BufRead) -> io::Result<BTreeSet<u16>> {
    let mut ports = BTreeSet::new();
    for line in table.lines().skip(1) {
        let line = line?;
        let mut columns = line.split_ascii_whitespace().skip(1);
        let (local, state) = (columns.next(), columns.nth(1));
        if state != Some(LISTENS) {
            break;
        }
        let port =
            local.and_then(|local| local.rsplit_once(':')).and_then(|(_, port)| u16::from_str_radix(port, 16).ok());
        ports.extend(port);
    }
    Ok(ports)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_exactly_and_connections_are_left_out() -> io::Result<()> {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 26573 1 0 100 0 0 10 0
   1: 00000000000000000000000001000000:01BB 00000000000000000000000000000000:0000 0A 00000000:00000000 00:0 0 0 0 1 1
   2: 0100007F:0016 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 26574 1 0 100 0 0 10 0
";
        assert_eq!(of_table(table.as_bytes())?, BTreeSet::from([8080, 443]));
        assert_eq!(of_table(&b""[..])?, BTreeSet::new());
        Ok(())
    }

    #[test]
    fn this_host_is_read() -> io::Result<()> {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let listener = std::net::TcpListener::bind(address)?;
            let port = listener.local_addr()?.port();
            assert!(read()?.contains(&port), "{address}");
            // A client's side of a connection is no listener.
            let client = std::net::TcpStream::connect(listener.local_addr()?)?;
            let own = client.local_addr()?.port();
            assert!(!read()?.contains(&own), "{address}");
            drop(listener);
            assert!(!read()?.contains(&port), "{address}");
        }
        Ok(())
    }
}
