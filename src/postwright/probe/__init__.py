"""Black-box checks: what a peer, a client or an attacker sees from another host.

These modules (but the package `criteria`) use the standard library only, because they also run on
hosts: the Ansible module `postwright.mail.probe` carries them there.
"""
