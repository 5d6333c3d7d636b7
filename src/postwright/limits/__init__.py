"""How much an account may submit, and who may submit nothing for now.

Runs on mail hosts (role limits): the standard library only.
"""
