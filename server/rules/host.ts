// Host names of rules.
import { comparableHost } from '../lib/host-name.ts'
import { regexTest } from './value-pattern.ts'
import { type Verdict, verdictOf } from './verdict.ts'

export type HostPattern =
  | { readonly is: 'exact'; readonly text: string }
  /** ".example.org" for "*.example.org". */
  | { readonly is: 'below'; readonly text: string }
  | { readonly is: 'regex'; readonly test: (host: string) => Verdict }

/** Throws a RangeError on what is no host. */
export function hostPattern(pattern: string | { readonly regex: string }): HostPattern {
  if (typeof pattern !== 'string') return { is: 'regex', test: regexTest(pattern.regex) }
  const isBelow = pattern.startsWith('*.')
  const host = comparableHost(isBelow ? pattern.slice(2) : pattern)
  if (host === null || host.includes('*'))
    throw new RangeError(
      `"${pattern}" is no host: "*" stands only for the first labels, as in "*.example.org"`,
    )
  return isBelow ? { is: 'below', text: `.${host}` } : { is: 'exact', text: host }
}

/** Whether a host is one of these; there is a name before the dot of "*.example.org". */
export function hostHolds(pattern: HostPattern, host: string): Verdict {
  if (pattern.is === 'regex') return pattern.test(host)
  if (pattern.is === 'exact') return verdictOf(host === pattern.text)
  return verdictOf(host.length > pattern.text.length && host.endsWith(pattern.text))
}
