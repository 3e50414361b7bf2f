use super::mask;

/// A command line and what is to be shown of it; nothing stands for no change.
const ROWS: &[(&str, &str)] = &[
    // Variables.
    ("TOKEN=abc run", "TOKEN=*** run"),
    ("export API_TOKEN='a b' && run", "export API_TOKEN=*** && run"),
    ("env PGPASSWORD=x psql -c 'select 1'", "env PGPASSWORD=*** psql -c 'select 1'"),
    ("RESTIC_PASSWORD=x\\ y restic backup", "RESTIC_PASSWORD=*** restic backup"),
    ("env \"DB_PASSWORD=my secret\" run", "env \"DB_PASSWORD=***\" run"),
    ("AWS_SECRET_ACCESS_KEY=ab/cd+ef aws s3 ls", "AWS_SECRET_ACCESS_KEY=*** aws s3 ls"),
    ("MYSQL_PWD=x mysqldump db", "MYSQL_PWD=*** mysqldump db"),
    ("PASS=abc\"d e\"f run", "PASS=*** run"),
    ("accessKey=abc apiToken: abc run", "accessKey=*** apiToken: *** run"),
    ("PASSWORD2=abc run", "PASSWORD2=*** run"),
    // Options.
    ("backup --password=geheim /srv", "backup --password=*** /srv"),
    ("backup --password geheim /srv", "backup --password *** /srv"),
    ("backup --db-password \"ge heim\" /srv", "backup --db-password *** /srv"),
    ("run --token=abc;next", "run --token=***;next"),
    ("run --api-key abc --verbose", "run --api-key *** --verbose"),
    ("run --password --verbose x", ""),
    ("run --password-file /etc/x --token-file=/etc/y", ""),
    ("ssh-add --key /etc/ssl/a.pem --key=./b.pem", ""),
    ("openssl enc -pass pass:geheim -in x", "openssl enc -pass *** -in x"),
    // Programs.
    ("mysqldump -u root -pgeheim db", "mysqldump -u root -p*** db"),
    ("mysql -p1234 -h db", "mysql -p*** -h db"),
    ("mysql -p db", ""),
    ("/usr/bin/mariadb-dump -p'a b' db", "/usr/bin/mariadb-dump -p*** db"),
    ("sshpass -p geheim ssh host", "sshpass -p *** ssh host"),
    ("docker login -u me -p geheim example.org", "docker login -u me -p *** example.org"),
    ("docker run -p 80:80 -u 1000:1000 x", ""),
    ("podman run -u www:www x", ""),
    ("redis-cli -a geheim ping", "redis-cli -a *** ping"),
    ("backup -pS3cret! x", "backup -p*** x"),
    ("bash -c 'mysqldump -pgeheim db'", "bash -c 'mysqldump -p*** db'"),
    ("curl -u me:geheim https://example.org/", "curl -u me:*** https://example.org/"),
    ("mkdir -p /srv/x && tar -pczf a.tar.gz b", ""),
    ("find / -prune -o -print0", ""),
    ("ssh -p 2222 -p2222 host", ""),
    // Headers.
    ("curl -H 'Authorization: Bearer abc def' http://x/", "curl -H 'Authorization: ***' http://x/"),
    ("curl -H \"X-Api-Key: abc\" http://x/", "curl -H \"X-Api-Key: ***\" http://x/"),
    ("curl -d '{\"user\":\"me\",\"password\":\"a b\"}' x", "curl -d '{\"user\":\"me\",\"password\":***}' x"),
    ("curl -d \"{\\\"token\\\": \\\"abc\\\"}\" x", "curl -d \"{\\\"token\\\": ***}\" x"),
    // Addresses.
    ("git pull https://me:geheim@example.org/x.git", "git pull https://me:***@example.org/x.git"),
    ("pg_dump postgres://u:a/b@c@db:5432/x", "pg_dump postgres://u:***@db:5432/x"),
    ("wget 'http://x/?id=1&token=abc&b=2'", "wget 'http://x/?id=1&token=***&b=2'"),
    ("git push ssh://git@example.org/x.git", ""),
    ("curl https://example.org/ping/0f8fad5b-d9cb-469f-a165-70867728950e", "curl https://example.org/ping/***"),
    ("curl https://x/services/T01/B02/abcdefgh1234567890ABCDEF", "curl https://x/services/T01/B02/***"),
    (
        "curl https://api.example.org/bot123456789:AAabcdefghijklmnopqrstuvwxyz0123456/send",
        "curl https://api.example.org/bot123456789:***/send",
    ),
    // Keys behind such words, and forms that are known.
    ("notify token 0123456789abcdef0123456789abcdef now", "notify token *** now"),
    ("run ghp_0123456789abcdefghij", "run ***"),
    ("docker pull x@sha256:0123456789abcdef0123456789abcdef", ""),
    // What is no secret.
    ("/usr/bin/keychain --keyboard x; monkey=1 PWD=/srv compass=2", ""),
    ("/usr/bin/tokenizer /srv/password-store", ""),
    ("run-parts --report /etc/cron.daily", ""),
    ("", ""),
];

#[test]
fn secrets_are_masked_and_nothing_else() {
    let wrong: Vec<String> = ROWS
        .iter()
        .map(|(command, expected)| (command, if expected.is_empty() { command } else { expected }, mask(command)))
        .filter(|(_, expected, found)| *expected != found)
        .map(|(command, expected, found)| format!("{command}\n  expected {expected}\n  found    {found}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_text_is_too_odd() {
    for odd in [
        "\"",
        "'--password=\"",
        "token=",
        "-p",
        "://@",
        "x\\",
        "é=ü ä:ö password=ß",
        "a\nTOKEN=b\tc",
        "\\\"token\\\":\\\"",
    ] {
        mask(odd);
    }
    assert_eq!(mask("a\nTOKEN=b\tc"), "a TOKEN=*** c");
    assert_eq!(mask(&"x".repeat(1000)).chars().count(), 500);
}
