"""The rules of disclosure control: one pure function per file, with its risk, rule, numbers and source.

A rule takes exact figures and a policy and answers a question or returns changed figures; it never raises a refusal.
The gate asks the rules in order and turns an answer into a refusal or a mark.
"""
