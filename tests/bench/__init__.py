"""What the gateway costs, and what its users would pick instead costs, measured side by side: `make bench`.

Rows of the report are modules here; each builds on `rig`. Nothing of this runs in `make test` but the tests of the
pure parts.
"""
