"""The coordinate systems that a composite image can be shown in, and the choice of one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from napari_ome_zip.errors import TransformationError
from napari_ome_zip.geometry import SystemNode, TransformGraph
from napari_ome_zip.image.systems import ImageSystems

MAX_ASKED = 10
"""Images whose ways are followed. With more, systems of single images are not offered."""


@dataclass
class SystemChoice:
    """Someone's wish, and what there is to choose from, which is known when the graph is."""

    wanted: str | None = None
    """Name of a system; None for the default."""
    names: tuple[str, ...] = field(default=(), init=False)
    """What can be chosen, the default first; empty where there is no choice."""

    def settle(
        self, graph: TransformGraph, images: Sequence[ImageSystems], default: SystemNode | None
    ) -> SystemNode | None:
        """The system to show in; None where each image is shown in its own.

        Raises
        ------
        TransformationError
            If there is no system of the name that is wanted; the message lists those there are.
        """
        offered = _offered(graph, images, default)
        if len(offered) > 1:
            self.names = tuple(offered)
        if self.wanted is None:
            return default
        if self.wanted in offered:
            return offered[self.wanted]
        known = ", ".join(f"'{name}'" for name in offered) or "none"
        raise TransformationError(
            f"No coordinate system '{self.wanted}' to show all images in. Those there are: {known}."
        )


def _offered(
    graph: TransformGraph, images: Sequence[ImageSystems], default: SystemNode | None
) -> dict[str, SystemNode]:
    """Systems that as many images reach as any, by name: shared ones first, then images' own."""
    main = [image for image in images if image.parent is None]
    if not main or not (graph.edges or len(main) == 1):
        return {} if default is None else {str(default): default}
    own = {node for image in images for node in image.nodes}
    main_own = {node for image in main for node in image.nodes}
    counts = Counter(
        node for image in main[:MAX_ASKED] for node in graph.reachable(image.intrinsic)
    )
    most = max(counts.values(), default=0)
    nodes = [node for node in graph.nodes if counts[node] == most]
    if most < 2 <= len(main):
        nodes = []  # nothing connects the images
    hidden = own if len(main) > MAX_ASKED else own - main_own
    nodes = [node for node in nodes if node not in hidden]
    first = default or (main[0].intrinsic if len(main) == 1 else None)
    nodes.sort(key=lambda node: (node != first, node in own))
    if default is not None and default not in nodes:
        nodes.insert(0, default)
    return {str(node): node for node in nodes}
