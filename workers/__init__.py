"""One folder per provincial platform. Folders elsewhere on the path named `workers` are found too."""

from pkgutil import extend_path

__path__ = extend_path(__path__, __name__)
