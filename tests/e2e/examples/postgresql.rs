//! The example that asks a PostgreSQL, on a real one: Debian's server, and a standby of it.

use super::Example;
use crate::checks::machine;
use crate::machine::{Machine, PATIENCE, wait_for};

/// Where the programs of the newest installed version are, for a shell.
const PROGRAMS: &str = r"$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)";

/// Starts a server on the data in `/srv/NAME`, with its socket where Debian has it.
fn start(machine: &Machine, name: &str, port: u16, options: &str) {
    machine
        .sh(&format!(
            "systemd-run --quiet --collect --unit={name} --property=User=postgres --property=RuntimeDirectory=postgresql \
               --property=RuntimeDirectoryPreserve=yes --property=KillSignal=SIGINT {PROGRAMS}/postgres \
               -D /srv/{name} -k /run/postgresql -p {port} {options}"
        ))
        .ok();
    wait_for(&format!("the server {name}"), PATIENCE, || {
        machine.run(&["pg_isready", "-q", "-h", "/run/postgresql", "-p", &port.to_string()]).status.success()
    });
}

fn sql(machine: &Machine, command: &str) -> String {
    let psql =
        ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "psql", "-XAtq", "-h", "/run/postgresql"];
    machine.run(&[&psql[..], &["-d", "postgres", "-c", command]].concat()).ok()
}

#[test]
fn a_database_that_is_down_full_or_behind_is_found() {
    let machine = machine("examples-postgresql");
    let example = Example::add(&machine, "postgresql", &[]);
    example.says(&[], "FAILURE", "PostgreSQL does not answer");
    machine
        .sh(&format!(
            "install -d -o postgres -m 700 /srv/primary /srv/standby
             setpriv --reuid=postgres --regid=postgres --clear-groups {PROGRAMS}/initdb \
               --no-sync --auth-local=peer --auth-host=reject -D /srv/primary"
        ))
        .ok();
    let server = "-c max_connections=10 -c superuser_reserved_connections=3 -c fsync=off -c listen_addresses=";
    start(&machine, "primary", 5432, server);
    let error = example.says(&[], "ERROR", "the login or the query failed");
    assert!(error.lines.contains("_ssi-check"), "{error:?}");
    sql(&machine, r#"CREATE ROLE "_ssi-check" LOGIN"#);
    example.says(&[], "ERROR", "does not see the transactions of others");
    sql(&machine, r#"GRANT pg_monitor TO "_ssi-check""#);
    let said = example.says(&[], "OK", "10 % of the connections in use (1 of 10)");
    assert!(said.lines.contains("oldest transaction: 0 min"), "{said:?}");
    example.says(&["PGDATABASE=shop"], "ERROR", "the login or the query failed");
    example.says(&["TRANSACTION_MINUTES=0"], "WARNING", "a transaction has been open");
    example.says(&["WARNING_PERCENT=10"], "WARNING", "10 % of the connections in use");
    example.says(&["FAILURE_PERCENT=10"], "FAILURE", "10 % of the connections in use");

    // Seven sessions hold all connections that are not the administrator's.
    // The last question of the example may still hold one: who finds none free asks again.
    let hold = r#"for _ in 1 2 3 4 5 6 7; do
        until setpriv --reuid=_ssi-check --clear-groups --regid=_ssi-check psql -XAtq -d postgres -c 'SELECT pg_sleep(1000)'
        do sleep 0.1; done &
      done; wait"#;
    machine.run(&["systemd-run", "--quiet", "--collect", "--unit=guests", "bash", "-c", hold]).ok();
    let guests = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(1000)' AND pid <> pg_backend_pid()";
    wait_for("seven sessions", PATIENCE, || sql(&machine, guests).trim() == "7");
    example.says(&[], "FAILURE", "PostgreSQL has no connection left");
    machine.run(&["systemctl", "stop", "guests"]).ok();
    sql(&machine, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '_ssi-check'");
    wait_for("the end of the sessions", PATIENCE, || sql(&machine, guests).trim() == "0");
    example.says(&[], "OK", "(1 of 10)");

    machine
        .sh(&format!(
            "setpriv --reuid=postgres --regid=postgres --clear-groups {PROGRAMS}/pg_basebackup \
               --no-sync -h /run/postgresql -D /srv/standby -R --checkpoint=fast"
        ))
        .ok();
    start(&machine, "standby", 5433, server);
    let standby = "PGPORT=5433";
    wait_for("the standby to receive", PATIENCE, || {
        sql(&machine, "SELECT state FROM pg_stat_replication").trim() == "streaming"
    });
    sql(&machine, "CREATE TABLE shop (); DROP TABLE shop");
    wait_for("the standby to be up to date", PATIENCE, || {
        sql(&machine, "SELECT replay_lsn = pg_current_wal_lsn() FROM pg_stat_replication").trim() == "t"
    });
    let said = example.says(&[standby, "LAG_SECONDS=0"], "OK", "");
    assert!(said.lines.contains("standby: 0 s behind"), "{said:?}");
    // Without its primary a standby has nothing left to replay, and is not up to date for that.
    machine.run(&["systemctl", "stop", "primary"]).ok();
    wait_for("a second to pass", PATIENCE, || {
        example.run(&[standby, "LAG_SECONDS=0"]).message.contains("behind its primary")
    });
    example.says(&[], "FAILURE", "PostgreSQL does not answer");
    machine.run(&["systemctl", "stop", "standby"]).ok();
}
