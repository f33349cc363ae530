"""What an auditor sees of a log in terms of disclosure: who released what, and patterns that look like an attack."""
