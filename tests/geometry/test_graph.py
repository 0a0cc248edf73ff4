"""The graph of coordinate systems: which way is taken, what it amounts to, and what is said."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geometry.strategies import exact_affines, names
from napari_ome_zip.errors import TransformationError
from napari_ome_zip.geometry.affine import Affine
from napari_ome_zip.geometry.edge import Edge, SystemNode
from napari_ome_zip.geometry.graph import TransformGraph, choose_display

YX = ("y", "x")
WORLD = SystemNode("", "world")


def system(index: int) -> SystemNode:
    return SystemNode(f"tile_{index}", "physical")


def shift(y: float, x: float) -> Affine:
    return Affine([[1, 0, y], [0, 1, x]], YX, YX)


def shifted(source: SystemNode, target: SystemNode, y: float, x: float, label: str = "") -> Edge:
    return Edge(source, target, label, shift(y, x), shift(-y, -x), None)


def broken(source: SystemNode, target: SystemNode, problem: str | None, label: str) -> Edge:
    return Edge(source, target, label, None, None, problem)


def graph(nodes: list[SystemNode], *edges: Edge) -> TransformGraph:
    return TransformGraph(dict.fromkeys(nodes, YX), edges)


# --- laws


@st.composite
def random_edges(draw: st.DrawFn, count: int) -> list[Edge]:
    """Edges between any two systems, each usable forward, backward, both ways or not at all."""
    ends = st.integers(0, count - 1)
    edges = []
    for source, target in draw(st.lists(st.tuples(ends, ends), max_size=12)):
        forward, backward = draw(st.tuples(st.booleans(), st.booleans()))
        edges.append(
            Edge(
                system(source),
                system(target),
                f"edge {len(edges)}",
                shift(1, 0) if forward else None,
                shift(-1, 0) if backward else None,
                None if forward and backward else "no way",
            )
        )
    return edges


@given(st.data(), st.integers(2, 6))
def test_a_route_is_a_usable_chain_of_the_fewest_steps(data: st.DataObject, count: int) -> None:
    edges = data.draw(random_edges(count))
    systems = [system(i) for i in range(count)]
    transforms = graph(systems, *edges)
    # Floyd and Warshall's distances are the oracle.
    far = float("inf")
    steps = dict.fromkeys(itertools.product(systems, systems), far)
    for edge in edges:
        if edge.forward is not None:
            steps[edge.source, edge.target] = 1
        if edge.backward is not None:
            steps[edge.target, edge.source] = 1
    steps |= {(one, one): 0 for one in systems}
    for middle, start, end in itertools.product(systems, repeat=3):
        detour = steps[start, middle] + steps[middle, end]
        steps[start, end] = min(steps[start, end], detour)

    for start, end in itertools.product(systems, systems):
        route = transforms.route(start, end)
        if route is None:
            assert steps[start, end] == far
            assert end not in transforms.reachable(start)
            continue
        assert len(route) == steps[start, end]
        assert end in transforms.reachable(start)
        assert all(step.affine is not None for step in route)
        visited = [start, *(step.end for step in route)]
        assert visited[-1] == end
        assert [step.start for step in route] == visited[:-1]


@given(st.data(), st.integers(1, 6))
def test_the_way_back_along_a_tree_is_the_way_there_reversed(
    data: st.DataObject, count: int
) -> None:
    edges = []
    for child in range(1, count):
        parent = data.draw(st.integers(0, child - 1))
        ends = data.draw(st.permutations([system(parent), system(child)]))
        edges.append(shifted(ends[0], ends[1], 1, 2))
    transforms = graph([system(i) for i in range(count)], *edges)
    start, end = (system(data.draw(st.integers(0, count - 1))) for _ in range(2))

    there, back = transforms.route(start, end), transforms.route(end, start)

    assert there is not None
    assert back == tuple(step.opposite for step in reversed(there))


@given(st.data(), st.integers(1, 5))
def test_every_way_in_a_consistent_graph_gives_the_same_place(
    data: st.DataObject, count: int
) -> None:
    """Each system has a pose in the world, and each edge is the difference of two poses."""
    systems = [system(i) for i in range(count)]
    poses = {one: data.draw(exact_affines(2)) for one in systems}
    inverses = {one: pose.inverse() for one, pose in poses.items()}

    def between(source: SystemNode, target: SystemNode) -> Affine:
        out = inverses[target]
        assert out is not None
        return poses[source].then(out)

    pairs = data.draw(st.lists(st.tuples(*[st.sampled_from(systems)] * 2), max_size=8))
    edges = [Edge(a, b, "", between(a, b), between(b, a), None) for a, b in pairs]
    transforms = TransformGraph(dict.fromkeys(systems, names(2)), tuple(edges))

    for start, end in itertools.product(systems, systems):
        if transforms.route(start, end) is not None:
            assert transforms.resolve(start, end) == between(start, end)


@given(st.data(), st.integers(2, 5))
def test_the_same_graph_always_takes_the_same_way(data: st.DataObject, count: int) -> None:
    edges = data.draw(random_edges(count))
    systems = [system(i) for i in range(count)]

    one, two = graph(systems, *edges), graph(systems, *edges)

    for start, end in itertools.product(systems, systems):
        assert one.route(start, end) == two.route(start, end)


# --- the way that is taken


def test_a_system_is_reached_from_itself_by_no_step() -> None:
    transforms = graph([WORLD], shifted(WORLD, WORLD, 5, 5))

    assert transforms.route(WORLD, WORLD) == ()
    assert transforms.resolve(WORLD, WORLD) == Affine.identity(YX)
    assert transforms.reachable(WORLD) == (WORLD,)


def test_maps_along_several_hops_are_applied_in_order() -> None:
    image, stage, world = system(0), SystemNode("", "stage"), WORLD
    turn = Affine([[0, -1, 0], [1, 0, 0]], YX, YX)
    transforms = graph(
        [image, stage, world],
        Edge(stage, world, "turn", turn, turn.inverse(), None),
        shifted(image, stage, 3, 4),
    )

    # (1, 2) moved by (3, 4) is (4, 6); turned by 90° (y, x) becomes (-x, y).
    assert transforms.resolve(image, world).apply([1, 2]).tolist() == [-6, 4]
    assert transforms.resolve(world, image).apply([-6, 4]).tolist() == [1, 2]


def test_the_edge_written_first_wins_among_equals() -> None:
    first = shifted(system(0), WORLD, 1, 1, "first")
    second = shifted(system(0), WORLD, 2, 2, "second")

    assert graph([system(0), WORLD], first, second).resolve(system(0), WORLD) == shift(1, 1)
    assert graph([system(0), WORLD], second, first).resolve(system(0), WORLD) == shift(2, 2)


def test_a_forward_edge_wins_over_a_backward_one_written_before_it() -> None:
    transforms = graph(
        [system(0), WORLD],
        shifted(WORLD, system(0), -1, -1, "from the world"),
        shifted(system(0), WORLD, 2, 2, "to the world"),
    )

    assert transforms.resolve(system(0), WORLD) == shift(2, 2)
    assert transforms.resolve(WORLD, system(0)) == shift(-1, -1)


def test_fewer_steps_win_over_forward_edges() -> None:
    transforms = graph(
        [system(0), system(1), WORLD],
        shifted(system(0), system(1), 1, 1),
        shifted(system(1), WORLD, 1, 1),
        shifted(WORLD, system(0), -9, -9),
    )

    assert transforms.resolve(system(0), WORLD) == shift(9, 9)


def test_a_longer_usable_way_is_taken_round_a_broken_edge() -> None:
    transforms = graph(
        [system(0), system(1), WORLD],
        broken(system(0), WORLD, "it is a vector field.", "warp"),
        shifted(system(0), system(1), 1, 1),
        shifted(WORLD, system(1), 2, 2),
    )

    assert transforms.resolve(system(0), WORLD) == shift(-1, -1)


def test_an_edge_known_backward_only_serves_backward() -> None:
    edge = Edge(WORLD, system(0), "bijection", None, shift(1, 3), "it is a vector field.")
    transforms = graph([WORLD, system(0)], edge)

    assert transforms.resolve(system(0), WORLD) == shift(1, 3)
    with pytest.raises(TransformationError, match="vector field"):
        transforms.resolve(WORLD, system(0))


def test_a_section_reaches_its_volume_but_not_the_other_way_round() -> None:
    section, volume = SystemNode("section", "physical"), SystemNode("volume", "physical")
    placed = Affine([[0, 0, 4], [1, 0, 1], [0, 1, 2]], YX, ("z", *YX))
    edge = Edge(section, volume, "placed", placed, placed.inverse(), "it makes 3 axes of 2.")
    transforms = TransformGraph({section: YX, volume: ("z", *YX)}, (edge,))

    assert transforms.resolve(section, volume) == placed
    assert transforms.reachable(section) == (section, volume)
    assert transforms.reachable(volume) == (volume,)
    with pytest.raises(TransformationError, match=r"'placed' .* 3 axes of 2"):
        transforms.resolve(volume, section)


def test_reachable_systems_come_nearest_first() -> None:
    transforms = graph(
        [system(i) for i in range(4)],
        shifted(system(2), system(3), 0, 0),
        shifted(system(0), system(2), 0, 0),
        shifted(system(1), system(0), 0, 0),
    )

    assert transforms.reachable(system(0)) == tuple(system(i) for i in (0, 2, 1, 3))


# --- what is said


def test_a_broken_edge_is_named_with_its_problem() -> None:
    transforms = graph(
        [system(0), system(1), WORLD],
        shifted(system(0), system(1), 1, 1),
        broken(system(1), WORLD, "thinPlateSpline is not known.", "warp"),
    )

    with pytest.raises(TransformationError) as caught:
        transforms.resolve(system(0), WORLD)

    message = str(caught.value)
    assert message.startswith("Transformation 'warp' cannot be used")
    assert "'tile_1:physical' to 'world'" in message
    assert message.endswith("thinPlateSpline is not known.")


def test_a_missing_connection_is_said() -> None:
    transforms = graph([system(0), WORLD])

    assert transforms.route(system(0), WORLD) is None
    with pytest.raises(TransformationError, match="No transformation leads from 'tile_0:physical'"):
        transforms.resolve(system(0), WORLD)


def test_a_system_that_nothing_declares_is_named_with_those_there_are() -> None:
    transforms = graph([system(0), WORLD])

    for ask in (transforms.resolve, transforms.route):
        with pytest.raises(TransformationError, match=r"'nowhere'.*tile_0:physical', 'world'"):
            ask(SystemNode("", "nowhere"), WORLD)
    with pytest.raises(TransformationError, match="Declared are: none"):
        TransformGraph({}, ()).reachable(WORLD)


def test_a_broken_edge_may_mention_a_system_that_nothing_declares() -> None:
    hole = SystemNode("", "hole")
    transforms = graph(
        [system(0), WORLD],
        broken(system(0), hole, "'hole' is declared nowhere.", "in"),
        broken(hole, WORLD, None, "out"),
    )

    with pytest.raises(TransformationError, match="'hole' is declared nowhere"):
        transforms.resolve(system(0), WORLD)
    with pytest.raises(TransformationError, match=r"'out' .* cannot be applied in this direction"):
        transforms.resolve(WORLD, system(0))
    assert transforms.reachable(system(0)) == (system(0),)


def test_a_usable_edge_must_join_declared_systems_of_its_axes() -> None:
    with pytest.raises(TransformationError, match="joins 'world', which nothing declares"):
        graph([system(0)], shifted(system(0), WORLD, 1, 1))
    with pytest.raises(TransformationError, match=r"found 2 axes \(y, x\), expected 3 axes"):
        TransformGraph(
            {system(0): YX, WORLD: ("z", *YX)}, (shifted(system(0), WORLD, 1, 1, "flat"),)
        )


# --- where to show


def test_the_first_declared_system_is_shown() -> None:
    declared = [SystemNode("", "zeta"), SystemNode("", "alpha")]
    transforms = graph(
        [system(0), *declared],
        shifted(system(0), declared[1], 0, 0),
    )

    assert choose_display(transforms, declared, [system(0)]) == declared[0]


def test_without_a_declared_system_the_target_of_the_registrations_is_shown() -> None:
    tiles = [system(i) for i in (1, 0, 2)]  # the reference, tile 0, is not the first
    transforms = graph(
        tiles, shifted(system(1), system(0), 0, 10), shifted(system(2), system(0), 0, 20)
    )

    assert choose_display(transforms, [], tiles) == system(0)


def test_images_that_no_registration_joins_are_shown_in_the_first_system() -> None:
    tiles = [system(i) for i in (2, 0, 1)]

    assert choose_display(graph(tiles), [], tiles) == system(2)


def test_the_system_is_shown_that_more_images_reach() -> None:
    lonely, tiles = system(9), [system(i) for i in range(3)]
    transforms = graph(
        [lonely, *tiles],
        broken(tiles[0], lonely, "unknown", "warp"),
        broken(tiles[1], lonely, "unknown", "warp"),
        shifted(tiles[0], tiles[1], 1, 1),
        shifted(tiles[2], tiles[1], 1, 1),
    )

    assert choose_display(transforms, [], [lonely, *tiles]) == tiles[1]


def test_a_one_way_projection_counts_one_way() -> None:
    section, volume = SystemNode("section", "physical"), SystemNode("volume", "physical")
    placed = Affine([[0, 0, 4], [1, 0, 1], [0, 1, 2]], YX, ("z", *YX))
    transforms = TransformGraph(
        {section: YX, volume: ("z", *YX)}, (Edge(section, volume, "", placed, None, "flat"),)
    )

    assert choose_display(transforms, [], [section, volume]) == volume


def test_no_system_at_all_is_no_display() -> None:
    assert choose_display(TransformGraph({}, ()), [], []) is None


@given(st.data(), st.integers(1, 6))
def test_the_display_is_a_system_that_most_images_reach(data: st.DataObject, count: int) -> None:
    systems = [system(i) for i in range(count)]
    transforms = graph(systems, *data.draw(random_edges(count)))
    images = data.draw(st.lists(st.sampled_from(systems), min_size=1))

    chosen = choose_display(transforms, [], images)

    reached = {one: sum(one in transforms.reachable(image) for image in images) for one in systems}
    assert chosen is not None
    assert reached[chosen] == max(reached.values())
