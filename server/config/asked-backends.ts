// Backends that steps ask, beside those that rules lead to.
import { familyOf } from '../lib/server-url.ts'
import type { RuleConfig } from '../rules/rule.options.ts'
import type { Checked } from './checked.ts'
import { isStandIn } from './stand-in.ts'
import type { Path } from './tree.ts'

/** Names of those that the steps of a rule ask. */
export const askedBackends = ({ middleware }: Pick<RuleConfig, 'middleware'>): string[] =>
  middleware.flatMap((step) => namedIn(step).map(({ backend }) => backend))

interface Named {
  readonly backend: string
  /** Below the item of the list. */
  readonly path: Path
}

function namedIn({ forward_auth: auth, error_pages: errors }: RuleConfig['middleware'][number]): Named[] {
  const pages = errors?.pages ?? []
  return [
    ...(auth === undefined ? [] : [{ backend: auth.backend, path: ['forward_auth', 'backend'] }]),
    ...pages.flatMap(({ backend }, place) =>
      backend === undefined ? [] : [{ backend, path: ['error_pages', 'pages', place, 'backend'] }],
    ),
  ]
}

export function checkAsked(checked: Checked, path: Path, { middleware }: RuleConfig): void {
  for (const [place, step] of middleware.entries())
    for (const { backend, path: below } of namedIn(step))
      checkOne(checked, backend, [...path, 'middleware', place, ...below])
}

function checkOne(checked: Checked, backend: string, path: Path): void {
  checked.resolve('backend', backend, path)
  const { backends } = checked.config
  const { servers = [] } = Object.hasOwn(backends, backend) ? (backends[backend] ?? {}) : {}
  const known = servers.filter(({ url }) => !isStandIn(url))
  if (known.length === 0 || familyOf(known) === 'http') return
  checked.report({
    code: 'conflict',
    path,
    found: `${checked.quoted(path, backend)}, a backend of ${familyOf(known)} servers`,
    allowed: 'a backend whose servers are http:// or https://',
  })
}
