"""Socialisation and training: lessons with a check of understanding, acknowledgement of the rules, a short pulse.

Promises: understanding and acceptance are known per unit, from five people on; a pulse answer belongs to nobody.
"""
