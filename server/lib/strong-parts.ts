// Strongly connected parts of a graph (Tarjan), without recursion: graphs may be long.

/**
 * The parts of all that is reached from `roots`, each of nodes that lead to each other; those that are led to
 * stand before those that lead to them. `next` is asked once of each node.
 */
export function strongParts<N>(roots: Iterable<N>, next: (node: N) => readonly N[]): N[][] {
  const state: State<N> = { order: new Map(), low: new Map(), stack: [], open: new Set(), parts: [] }
  for (const root of roots) if (!state.order.has(root)) walk(root, next, state)
  return state.parts
}

interface State<N> {
  readonly order: Map<N, number>
  /** The least order that each leads back to. */
  readonly low: Map<N, number>
  readonly stack: N[]
  readonly open: Set<N>
  readonly parts: N[][]
}

function walk<N>(root: N, next: (node: N) => readonly N[], state: State<N>): void {
  const { order, low, stack, open } = state
  const begin = (node: N): { node: N; ahead: readonly N[]; at: number } => {
    low.set(node, order.size)
    order.set(node, order.size)
    stack.push(node)
    open.add(node)
    return { node, ahead: next(node), at: 0 }
  }
  const lower = (node: N, to = Number.POSITIVE_INFINITY): void => {
    if (to < (low.get(node) ?? 0)) low.set(node, to)
  }
  const path = [begin(root)]
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const to = top.ahead[top.at++]
    if (to !== undefined && !order.has(to)) path.push(begin(to))
    else if (to !== undefined) {
      if (open.has(to)) lower(top.node, order.get(to))
    } else {
      path.pop()
      const above = path.at(-1)
      if (above !== undefined) lower(above.node, low.get(top.node))
      if (low.get(top.node) === order.get(top.node)) close(top.node, state)
    }
  }
}

/** All that were begun since belong together. */
function close<N>(node: N, { stack, open, parts }: State<N>): void {
  const part: N[] = []
  for (let one = stack.pop(); one !== undefined; one = one === node ? undefined : stack.pop()) {
    open.delete(one)
    part.push(one)
  }
  parts.push(part)
}
