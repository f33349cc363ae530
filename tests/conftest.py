"""Settings of the whole suite."""

import os

from hypothesis import settings

# No deadline, since machines differ in speed; in CI the same examples each time, so that a failure is the change's own.
settings.register_profile("grille", deadline=None, derandomize=bool(os.environ.get("CI")), print_blob=True)
settings.load_profile("grille")
