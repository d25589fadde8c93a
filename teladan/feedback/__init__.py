"""The citizen's voice: tickets, ratings, comments, and the month in which they are collected and sealed.

Promises citizens: one rating per real service, stored without person, order or fine time. Promises others: counts
per cell, never a single citizen's answer.
"""
