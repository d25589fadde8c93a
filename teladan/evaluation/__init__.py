"""Closing a month, frozen results, ratings of people, predicates, documents. The only room that issues results.

Promises others: results are never changed, only superseded; each carries its inputs' digest, policy version and code
version; a release holds all that the public may see.
"""
