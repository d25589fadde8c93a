"""Named complaints with due process: receipt, completeness, separate hearings, decision, delivery, each with its clock.

Promises: nobody judges their own office; the complained-of reads only what they are asked and what they said; every
reading of a file is recorded; the public gets counts. Knows nothing of anonymous ratings (`feedback`).
"""
