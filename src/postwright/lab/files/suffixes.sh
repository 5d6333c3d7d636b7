#!/bin/sh
# mmdebstrap customize hook ($1 = the new root): the public-suffix list that Debian
# ships, plus `test`, at every path where software looks for it. Without it, mail
# software does not see that alpha.test is an organisation's domain. A diversion
# keeps the list when the package that owns the path is installed or upgraded.
set -eu
chroot "$1" sh -eu <<'EOF'
cd /tmp
apt-get -qq download publicsuffix
dpkg-deb --fsys-tarfile publicsuffix_*.deb | tar -xO ./usr/share/publicsuffix/public_suffix_list.dat >list
rm publicsuffix_*.deb
printf '\n// The lab\ntest\n' >>list
for path in /usr/share/publicsuffix/public_suffix_list.dat \
    /usr/share/publicsuffix/effective_tld_names.dat /usr/share/rspamd/effective_tld_names.dat; do
    dpkg-divert --local --no-rename --divert "$path.debian" --add "$path"
    install -D -m 644 list "$path"
done
rm list
EOF
