"""The grille server: parses commands, computes in the engine, applies disclosure control, records, and answers.

Data flows one way: transport -> execution -> {sessions, audit, commands} -> {language, plan, disclosure, statistics,
catalog}; engines -> plan. A folder imports only what stands to its right.
"""
