"""Where is my mail? A message's way through Postfix, Rspamd and Dovecot on every host."""
