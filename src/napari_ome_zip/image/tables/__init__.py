"""Tables that lie beside images: measurements of labels, regions of interest, conditions.

No specification says how they are stored. Four forms are known; `recognize` tells them apart by
their documents alone, and `find` looks for them where they are written. Rows are read when someone
asks for them, by the library of what they are stored as (`backends`).
"""

from __future__ import annotations
