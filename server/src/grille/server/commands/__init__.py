"""One file per command: spec, bind, compute, present. The whitelist is the tuple in this folder's whitelist.py."""
