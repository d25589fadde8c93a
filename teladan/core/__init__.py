"""Plumbing without domain words: clock, working days, policy rows, audit events, imports, spreadsheets, PDF, jobs, rate limits."""
