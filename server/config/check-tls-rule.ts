// Rules of tls listeners: they say what TLS asks for, and lead to one backend or to a listener that ends it.
import { canonicalAddress } from '../lib/ip-address.ts'
import { schemeOf } from '../lib/server-url.ts'
import type { RuleConfig } from '../rules/rule.options.ts'
import type { Checked } from './checked.ts'
import { asksNothing } from './shadows.ts'
import type { Path } from './tree.ts'

/** What a connection is seen by; all else is of requests. */
const SEEN: ReadonlySet<string> = new Set(['listener', 'server_name', 'alpn'])
const OF_REQUESTS = [
  ['rewrite', 'none; rules of an https listener have one'],
  ['timeouts', 'those of the listener and the backend'],
  ['max_connections', 'that of its backend'],
  ['weight', 'none: all that it matches is its own'],
  ['weight_by', 'none: all that it matches is its own'],
  ['mirror', 'none: what is passed on is not looked at'],
  ['priority', 'none: its connections wait in the order in which they come'],
] as const
const OTHERS = ['split', 'nearest', 'respond', 'redirect', 'maintenance'] as const

export function checkTlsRule(checked: Checked, path: Path, rule: RuleConfig): void {
  const { match, middleware, backend, listener } = rule
  for (const [word, asked] of Object.entries(match))
    if (!SEEN.has(word) && !asksNothing(asked))
      checked.report({
        code: 'conflict',
        path: [...path, 'match', word],
        found: `"${word}" for a tls listener, which sees no requests`,
        allowed: '"server_name" or "alpn"',
        hint: word === 'host' ? 'write "server_name"' : null,
      })
  checkAsked(checked, [...path, 'match', 'server_name'], match.server_name)
  if (middleware.length > 0)
    checked.report({
      code: 'conflict',
      path: [...path, 'middleware'],
      found: 'steps for a tls listener, which sees no requests',
      allowed: 'none; rules of an https listener have them',
    })
  for (const [word, allowed] of OF_REQUESTS)
    if (rule[word] !== undefined)
      checked.report({
        code: 'conflict',
        path: [...path, word],
        found: `"${word}" for a tls listener, which sees no requests`,
        allowed,
      })
  const other = OTHERS.find((key) => rule[key] !== undefined)
  if ((backend === undefined) === (listener === undefined) || other !== undefined)
    checked.report({
      code:
        backend === undefined && listener === undefined && other === undefined ? 'missing-key' : 'conflict',
      path: other === undefined ? path : [...path, other],
      found: other === undefined ? foundOf(backend) : `"${other}" for a tls listener, ${whyNot(other)}`,
      allowed: 'exactly one of backend or listener',
    })
  if (backend !== undefined) checkServers(checked, [...path, 'backend'], backend)
  if (listener !== undefined) checkNext(checked, [...path, 'listener'], listener)
}

/** RFC 6066 §3: literal addresses are not asked for. */
function checkAsked(checked: Checked, path: Path, names: readonly string[]): void {
  const isList = checked.written(path)?.is === 'list'
  for (const [place, name] of names.entries()) {
    if (canonicalAddress(name.replace(/^\[(.*)\]$/, '$1')) === null) continue
    const here = isList ? [...path, place] : path
    checked.warn({
      code: 'wrong-value',
      path: here,
      found: `${checked.said(here, name)}, an address, which no client can ask for in TLS`,
      allowed: 'names of hosts',
      hint: 'clients that come to an address ask for no name: a rule without "server_name" is for them',
    })
  }
}

const whyNot = (word: (typeof OTHERS)[number]): string =>
  word === 'split' || word === 'nearest' ? 'whose rules lead to one backend' : 'which answers nothing'

const foundOf = (backend: string | undefined): string =>
  backend === undefined ? 'a rule without destination' : 'backend and listener in one rule'

function checkNext(checked: Checked, path: Path, name: string): void {
  checked.resolve('listener', name, path)
  const { listeners } = checked.config
  const next = Object.hasOwn(listeners, name) ? listeners[name] : undefined
  if (next === undefined || endsTls(next)) return
  checked.report({
    code: 'conflict',
    path,
    found: `${checked.said(path, name)}, a listener that does not end TLS`,
    allowed: 'an https listener, or another one with certificates',
    hint:
      next.protocol === 'turn'
        ? `give it "tls", or lead to an https listener with ${checked.spelled({ turn: name })}`
        : null,
  })
}

/** What is passed on is TLS already, which no server expects within another. */
function checkServers(checked: Checked, path: Path, name: string): void {
  const { backends } = checked.config
  const { servers = [] } = Object.hasOwn(backends, name) ? (backends[name] ?? {}) : {}
  if (!servers.some(({ url }) => schemeOf(url)?.isTls === true && schemeOf(url)?.family === 'tcp')) return
  checked.warn({
    code: 'conflict',
    path,
    found: `${checked.quoted(path, name)}, whose servers are tls://`,
    allowed: 'tcp:// servers: the TLS of the client is passed on to them as it is',
    hint: 'by tls:// they would get it within a second TLS of the gateway; where that is to end here, lead to a listener that ends it',
  })
}

type Words = Checked['config']['listeners'][string]

const endsTls = (words: Words): boolean =>
  words.protocol === 'https' ||
  (words.protocol === 'tcp' && words.certificates.length > 0) ||
  (words.protocol === 'turn' && words.tls !== undefined)
