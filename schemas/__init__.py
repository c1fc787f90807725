"""What may be published and what comes back, in the platforms' own words. Imports nothing else of ours."""

from pkgutil import extend_path

__path__ = extend_path(__path__, __name__)
