// Matches and requests for tests of rules.
import type { AskedBy, Matchable } from '../../../server/rules/asked.ts'
import { ANYTHING } from '../../../server/rules/match.ts'
import type { Condition, MatchConfig } from '../../../server/rules/match.options.ts'

/** A match with what is written alone. */
export type Written = Partial<Omit<Condition, 'all' | 'any' | 'not'>> & {
  readonly all?: readonly Written[]
  readonly any?: readonly Written[]
  readonly not?: Written
}

export const matchOf = ({ all = [], any = [], not, ...rest }: Written): MatchConfig => ({
  ...ANYTHING,
  ...(rest as Partial<MatchConfig>),
  all: all.map(matchOf),
  any: any.map(matchOf),
  ...(not && { not: matchOf(not) }),
})

export interface Sample {
  readonly method?: string
  readonly host?: string
  readonly path?: string
  readonly query?: string
  /** In their order; a name may come twice. */
  readonly fields?: readonly (readonly [lower: string, value: string])[]
}

export function requestOf({
  method = 'GET',
  host = 'a.example',
  path = '/',
  query = '',
  fields = [],
}: Sample): Matchable {
  const values = (lower: string): string[] =>
    fields.flatMap(([name, value]) => (name === lower ? [value] : []))
  return {
    ...{ method, host, path, query, values },
    plainPath: !path.includes('%') && !path.includes('/.'),
    get: (lower) => values(lower)[0] ?? null,
    isAmbiguous: (lower) => values(lower).some((value) => value !== values(lower)[0]),
  }
}

export const from = (address: string | null, scheme: 'http' | 'https' = 'http'): AskedBy => ({
  address,
  scheme,
  tls: null,
})
