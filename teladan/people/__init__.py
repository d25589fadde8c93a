"""Persons, units, posts and placements over time, roles and permissions, sign-in, import of personnel files.

Promises others: who sat where on a day, who appraises whom, and `access.can(user, permission, unit)`.
"""
