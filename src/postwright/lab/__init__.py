"""The lab: six real Debian hosts on a private network, booted by systemd-nspawn."""
