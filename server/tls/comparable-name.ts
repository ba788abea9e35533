// Names of certificates and of clients, as they are compared.

/**
 * RFC 6066 §3: lower case, without the dot at the end. Names come as A-labels from both sides; what is no
 * name stays as it is, and none is for it.
 */
export function comparableName(name: string): string {
  const lower = name.toLowerCase()
  return lower.endsWith('.') ? lower.slice(0, -1) : lower
}

/**
 * What stands for a name in a table by comparable names, or by `*.` and one for all names below it, the
 * longest first; undefined: nothing, or no name was asked for.
 */
export function findByName<T>(names: ReadonlyMap<string, T>, name: string | null): T | undefined {
  if (names.size === 0 || name === null) return undefined
  const wanted = comparableName(name)
  const exact = names.get(wanted)
  if (exact !== undefined) return exact
  for (let dot = wanted.indexOf('.'); dot > 0; dot = wanted.indexOf('.', dot + 1)) {
    const below = names.get(`*${wanted.slice(dot)}`)
    if (below !== undefined) return below
  }
  return undefined
}
