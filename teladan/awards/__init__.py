"""Recognition: programmes with their decree, monthly rounds, shortlist, conflict statements, decision, certificate.

Promises: nobody is awarded by the algorithm alone; a decision has a person and a reason.
"""
