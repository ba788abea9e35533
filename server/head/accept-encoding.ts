// Which content codings a client takes (RFC 9110 §12.5.3).

/** What a client's Accept-Encoding says of our codings, each with its weight in thousandths. */
interface Weights {
  readonly codings: ReadonlyMap<string, number>
  /** Of those that are not named; null: nothing is said. */
  readonly others: number | null
}

/** What is best for a client. */
export interface Choice<C extends string> {
  /** Null: as it is. */
  readonly coding: C | null
  /** It does not take the body as it is, if another way can be had. */
  readonly isIdentityRefused: boolean
}

/** The best of these codings, which stand in our order, for this Accept-Encoding; null: there is none. */
export function chooseCoding<C extends string>(field: string | null, ours: readonly C[]): Choice<C> {
  if (field === null) return { coding: null, isIdentityRefused: false }
  const { codings, others } = read(field)
  let best: C | null = null
  let bestWeight = 0
  for (const coding of ours) {
    const weight = codings.get(coding) ?? others ?? 0
    if (weight > bestWeight) {
      best = coding
      bestWeight = weight
    }
  }
  // Identity is acceptable unless it is excluded, and preferred only where it says so itself.
  const identity = codings.get('identity') ?? null
  const isIdentityRefused = identity === 0 || (identity === null && others === 0)
  return { coding: identity !== null && identity > bestWeight ? null : best, isIdentityRefused }
}

function read(field: string): Weights {
  const codings = new Map<string, number>()
  let others: number | null = null
  for (const item of field.toLowerCase().split(',')) {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim())
    if (name === '') continue
    const weight = weightOf(parameters)
    if (name === '*') others = weight
    else codings.set(name === 'x-gzip' ? 'gzip' : name, weight)
  }
  return { codings, others }
}

/** A weight that is none means nothing good: such a coding is left out. */
function weightOf(parameters: readonly string[]): number {
  const q = parameters.find((parameter) => /^q\s*=/.test(parameter))
  if (q === undefined) return 1000
  const value = q.slice(q.indexOf('=') + 1).trim()
  return /^(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)$/.test(value) ? Math.round(Number(value) * 1000) : 0
}
