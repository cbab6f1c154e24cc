"""Moves of nodes between modules, the inner loop of Infomap's search (see map_equation.py)."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facetrack.clusterer.kernels.compiling import compile_kernel

Array = NDArray[Any]

# A move must shorten the code by more than this, in nats: less is rounding.
_LEAST = 1e-11


class Network(NamedTuple):
    """Nodes, which are points or modules of them.

    starts, ends, flows: links with both of their ends, without loops. flow: (n,) of each node.
    apart_starts, apart: conflicts in the same form.
    """

    starts: Array
    ends: Array
    flows: Array
    flow: Array
    apart_starts: Array
    apart: Array


class _Book(NamedTuple):
    """What the modules of a network hold, up to n of them, and what a node at hand meets.

    held, left: flow of each module's nodes, and flow that leaves it. code: its share of L, in nats.
    sizes: its nodes. total: (1,) flow that leaves any. empty: modules without nodes, as a stack
    whose height is n_empty, (1,). into: flow from the node into each module it meets; met, barred:
    the last turn at which a node met a module, or had a conflict in it; turn: (1,).
    """

    held: Array
    left: Array
    code: Array
    sizes: Array
    total: Array
    empty: Array
    n_empty: Array
    into: Array
    met: Array
    barred: Array
    near: Array
    turn: Array


def move_nodes(network: Network, modules: Array, random: np.random.RandomState) -> bool:
    """Move nodes to other modules while that shortens the code; whether any was moved.

    modules: (n,) numbers below n, changed in place. A node is asked again when a neighbour moved.
    """
    book = _open_book(network, modules)
    asking = np.ones(len(modules), bool)
    moved = False
    while len(nodes := np.flatnonzero(asking)):
        if _ask_nodes(network, modules, book, random.permutation(nodes), asking):
            moved = True
    return moved


def _open_book(network: Network, modules: Array) -> _Book:
    n = len(modules)
    held, left = sum_modules(network, modules, n)
    code = _f(left + held) - 2 * _f(left)
    sizes = np.bincount(modules, minlength=n)
    empty = np.zeros(n, np.int64)
    free = np.flatnonzero(sizes == 0)
    empty[: len(free)] = free
    return _Book(
        held=held,
        left=left,
        code=code,
        sizes=sizes,
        total=left.sum(keepdims=True),
        empty=empty,
        n_empty=np.array([len(free)]),
        into=np.zeros(n),
        met=np.zeros(n, np.int64),
        barred=np.zeros(n, np.int64),
        near=np.empty(n + 1, np.int64),
        turn=np.zeros(1, np.int64),
    )


def _f(flows: Array) -> Array:
    """x ln x of each; what rounding leaves below 0 counts as 0."""
    return flows * np.log(np.where(flows > 0, flows, 1))


@compile_kernel
def _ask_nodes(network: Network, modules: Array, book: _Book, order: Array, asking: Array) -> int:
    """Move the nodes in this order where it shortens the code; how many moved."""
    moved = 0
    for node in order:
        asking[node] = False
        old = modules[node]
        n_near, out = _meet(network, modules, book, node)
        new = _find_best(network, modules, book, node, n_near, out)
        if new == old:
            continue
        flow = network.flow[node]
        _change(book, old, -flow, 2 * book.into[old] - out, -1)
        _change(book, new, flow, out - 2 * book.into[new], 1)
        modules[node] = new
        moved += 1
        for entry in range(network.starts[node], network.starts[node + 1]):
            asking[network.ends[entry]] = True
    return moved


@compile_kernel
def _meet(network: Network, modules: Array, book: _Book, node: int) -> tuple[int, float]:
    """Find the modules that a node may go to, the first of them its own: how many, and the flow
    that leaves the node.
    """
    book.turn[0] += 1
    turn = book.turn[0]
    own = modules[node]
    book.met[own], book.into[own], book.near[0] = turn, 0.0, own
    for entry in range(network.apart_starts[node], network.apart_starts[node + 1]):
        book.barred[modules[network.apart[entry]]] = turn
    n_near = 1
    out = 0.0
    for entry in range(network.starts[node], network.starts[node + 1]):
        module = modules[network.ends[entry]]
        if book.met[module] != turn:
            book.met[module], book.into[module] = turn, 0.0
            if book.barred[module] != turn:
                book.near[n_near] = module
                n_near += 1
        book.into[module] += network.flows[entry]
        out += network.flows[entry]
    if book.sizes[own] > 1:
        new = book.empty[book.n_empty[0] - 1]
        book.into[new], book.near[n_near] = 0.0, new
        n_near += 1
    return n_near, out


@compile_kernel
def _find_best(
    network: Network, modules: Array, book: _Book, node: int, n_near: int, out: float
) -> int:
    """The module that makes the code shortest; the node's own unless another is clearly better."""
    own: int = modules[node]
    flow = network.flow[node]
    without = book.left[own] + 2 * book.into[own] - out
    total = book.total[0] - book.left[own] + without
    best, least = own, 0.0
    for place in range(n_near):
        module = book.near[place]
        left, held, code = book.left[module], book.held[module], book.code[module]
        if module == own:
            left, held = without, held - flow
            code = _code(left, held)
        grown = left + out - 2 * book.into[module]
        share = total - left + grown
        length = _code(grown, held + flow) - code + (share * math.log(share) if share > 0 else 0.0)
        if place == 0:
            least = length - _LEAST
        elif length < least:
            best, least = module, length
    return best


@compile_kernel
def _code(left: float, held: float) -> float:
    """A module's share of the code in nats: f(q + p) - 2 f(q)."""
    code = (left + held) * math.log(left + held) if left + held > 0 else 0.0
    return code - 2 * left * math.log(left) if left > 0 else code


@compile_kernel
def _change(book: _Book, module: int, held: float, left: float, nodes: int) -> None:
    """Add to what a module holds; one that becomes empty, or is no longer, is noted."""
    if book.sizes[module] == 0:
        book.n_empty[0] -= 1  # it is the last of them
    book.sizes[module] += nodes
    book.held[module] += held
    book.left[module] += left
    book.total[0] += left
    if book.sizes[module] == 0:
        book.total[0] -= book.left[module]
        book.held[module] = book.left[module] = 0.0
        book.empty[book.n_empty[0]] = module
        book.n_empty[0] += 1
    book.code[module] = _code(book.left[module], book.held[module])


@compile_kernel
def sum_modules(network: Network, modules: Array, count: int) -> tuple[Array, Array]:
    """Flow that each module holds, and flow that leaves it."""
    held = np.zeros(count)
    left = np.zeros(count)
    for node in range(len(modules)):
        held[modules[node]] += network.flow[node]
        for entry in range(network.starts[node], network.starts[node + 1]):
            if modules[network.ends[entry]] != modules[node]:
                left[modules[node]] += network.flows[entry]
    return held, left
