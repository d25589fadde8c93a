"""Plumbing without domain words: clock, policy rows, audit events, imports, spreadsheets, PDF, jobs, rate limits."""
