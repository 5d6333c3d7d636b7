"""Black-box checks: what a peer, a client or an attacker sees from another host.

These modules use the standard library only, because they also run on hosts: the Ansible modules
`postwright.mail.probe` and `postwright.mail.criteria` carry them there. The package `criteria`
judges what they saw, and runs on the controller.
"""
