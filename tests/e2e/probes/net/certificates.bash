# Makes an authority and certificates in all states below /srv/tls, and serves each with openssl.
set -euo pipefail
mkdir -p /srv/tls
cd /srv/tls
cat > ca.cnf << 'END'
[ca]
default_ca = authority
[authority]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = policy
copy_extensions = copy
unique_subject = no
[policy]
commonName = supplied
END
touch index.txt
echo 01 > serial
key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
openssl req -x509 "${key[@]}" -keyout ca.key -out ca.pem -days 3650 -subj '/CN=Test CA'

at() { date -u -d "$1" +%Y%m%d%H%M%SZ; }

# NAME HOST FROM UNTIL
leaf() {
  openssl req "${key[@]}" -keyout "$1.key" -out "$1.csr" -subj "/CN=$1" -addext "subjectAltName=DNS:$2"
  openssl ca -batch -notext -config ca.cnf -keyfile ca.key -cert ca.pem -in "$1.csr" -out "$1.pem" \
    -startdate "$(at "$3")" -enddate "$(at "$4")"
}

leaf good localhost -1day +90days
leaf soon localhost -80days '+10 days 1 hour'
leaf urgent localhost -80days '+3 days 1 hour'
leaf expired localhost -90days -3days
leaf future localhost '+5 days' +90days
leaf other other.example -1day +90days
openssl req -x509 "${key[@]}" -keyout self.key -out self.pem -days 90 -subj /CN=localhost -addext subjectAltName=DNS:localhost
cat good.pem soon.pem ca.pem > bundle.pem
chmod 644 ./*.pem
port=4430
for name in good soon urgent expired future other self; do
  port=$((port + 1))
  systemd-run --quiet --working-directory=/srv/tls --unit="tls-$name" \
    openssl s_server -accept "$port" -key "$name.key" -cert "$name.pem" -www -quiet
done
cat ca.pem >> /etc/ssl/certs/ca-certificates.crt
