"""The public service catalogue, dated standards, counters, and service events: who was served, by whom, how long.

Promises others: one event per source and number, the officer who met the citizen, punctuality against the standard
in force on that day.
"""
