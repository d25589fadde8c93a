"""An append-only Merkle log with signed checkpoints (RFC 6962, C2SP). Knows bytes and what was promised, no domain words.

Promises others: `actions.append` puts a leaf in the queue within the caller's transaction; within 24 hours it stands in
the log, in an order that says nothing of the order of the queue. Promises outsiders: whatever was signed once is never
changed, and `docs/rules/ledger.md` says how to check that without us.
"""
