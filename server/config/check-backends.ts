// Backends: servers that can be told apart, and options that fit together.
import type { BackendConfig } from '../backends/backend.options.ts'
import { familyOf, unixServerPath } from '../lib/server-url.ts'
import { askedBackends } from './asked-backends.ts'
import { backendsLedTo } from '../rules/rule.options.ts'
import { checkCircuitBreaker } from './check-circuit-breaker.ts'
import { checkOneFamily } from './check-family.ts'
import { checkServerTls } from './check-server-tls.ts'
import { checkHealth } from './check-health.ts'
import { checkPassive, takesOut } from './check-passive.ts'
import { checkTcpBackend, checkUdpBackend } from './check-passed-on.ts'
import { checkShares } from './check-shares.ts'
import { checkSticky, warnSticky } from './check-sticky.ts'
import { checkRetry } from './check-retry.ts'
import type { Checked } from './checked.ts'
import type { Path } from './tree.ts'
import { isStandIn } from './stand-in.ts'

const CHECKS = { http: checkRetry, tcp: checkTcpBackend, udp: checkUdpBackend } as const

/** Checks all backends. */
export function checkBackends(checked: Checked): void {
  const used = usedBackends(checked)
  for (const [name, backend] of Object.entries(checked.config.backends)) {
    const path = ['backends', name]
    checkServers(checked, [...path, 'servers'], backend.servers)
    checkOneFamily(checked, [...path, 'servers'], backend.servers)
    checkHash(checked, path, backend)
    checkPlugin(checked, path, backend)
    checkSticky(checked, path, backend)
    warnSticky(checked, path, backend)
    checkShares(checked, path, backend)
    checkServerTls(checked, path, backend)
    checkCircuitBreaker(checked, [...path, 'circuit_breaker'], backend)
    CHECKS[familyOf(backend.servers)](checked, path, backend)
    checkAdaptive(checked, [...path, 'adaptive_limit'], backend.adaptive_limit)
    if (backend.health_check !== undefined)
      checkHealth(checked, [...path, 'health_check'], backend.health_check, backend.servers)
    else if (backend.panic_threshold > 0 && !takesOut(backend.passive_health))
      checked.warn({
        code: 'conflict',
        path: [...path, 'panic_threshold'],
        found: 'a threshold without health_check',
        allowed: 'both, or neither',
        hint: 'without checks, or passive_health, no server is ever down',
      })
    checkPassive(checked, [...path, 'passive_health'], backend.passive_health)
    if (!used.has(name) && !checked.isBroken('rules') && !checked.isBroken('listeners'))
      checked.warn({
        code: 'unused',
        path,
        found: `backend "${name}", which nothing leads to`,
        allowed: 'backends that a rule or listener names',
      })
  }
}

function usedBackends({ config }: Checked): ReadonlySet<string> {
  const own = Object.values(config.listeners).map((one) => ('backend' in one ? one.backend : undefined))
  return new Set([
    ...config.rules.flatMap(backendsLedTo),
    ...config.rules.flatMap(askedBackends),
    ...own.filter((name) => name !== undefined),
  ])
}

/** One address may be written in several ways. */
const plainUrl = (url: string): string =>
  // A path has its own case.
  unixServerPath(url) !== null
    ? url
    : url
        .toLowerCase()
        .replace(/\/$/, '')
        .replace(/^(http:.*):80$|^(https:.*):443$/, '$1$2')

function checkServers(checked: Checked, path: Path, servers: BackendConfig['servers']): void {
  const seen = new Map<string, number>()
  for (const [index, { name, url }] of servers.entries()) {
    const known = name ?? url
    const one = name ?? plainUrl(url)
    const earlier = seen.get(one)
    seen.set(one, index)
    if (earlier === undefined || isStandIn(known)) continue
    const here = [...path, index, name === undefined ? 'url' : 'name']
    checked.report({
      code: 'duplicate',
      path: here,
      found: `${checked.quoted(here, known)} a second time`,
      allowed: 'a name of its own for each server of a backend',
      hint:
        name === undefined
          ? 'give one of them a name, or one a larger weight'
          : `servers[${earlier}] has it as well`,
    })
  }
  if (servers.length > 0 && servers.every(({ weight }) => weight === 0))
    checked.report({
      code: 'conflict',
      path,
      found: 'only servers with weight 0',
      allowed: 'at least one with a weight above 0',
      hint: 'nothing would be sent to them',
    })
}

/** "algorithm: plugin" and its words belong together. */
function checkPlugin(checked: Checked, path: Path, { algorithm, plugin }: BackendConfig): void {
  if (plugin !== undefined) checked.resolve('plugin', plugin.name, [...path, 'plugin', 'name'])
  if ((algorithm === 'plugin') === (plugin !== undefined)) return
  const here = plugin === undefined ? 'algorithm' : 'plugin'
  checked.report({
    code: plugin === undefined ? 'missing-key' : 'conflict',
    path: [...path, here],
    found: plugin === undefined ? 'algorithm plugin without "plugin"' : '"plugin" without its algorithm',
    allowed: '"plugin" with algorithm plugin',
    hint:
      plugin === undefined
        ? `write ${checked.spelled({ plugin: { name: 'NAME' } })} beside it`
        : `write ${checked.spelled({ algorithm: 'plugin' })}`,
  })
}

function checkHash(checked: Checked, path: Path, { algorithm, hash }: BackendConfig): void {
  const here = [...path, 'hash']
  if (algorithm === 'hash' && hash === undefined && !checked.isWritten(here))
    checked.report({
      code: 'missing-key',
      path: [...path, 'algorithm'],
      found: 'algorithm hash without "hash"',
      allowed: 'what is hashed beside it',
      hint: `write ${checked.spelled({ hash: { by: 'header', name: 'X-User' } })}, or ${checked.spelled({ hash: { by: 'path' } })}`,
    })
  if (hash === undefined) return
  if (algorithm !== 'hash' && !checked.isWritten([...path, 'algorithm']))
    checked.report({
      code: 'conflict',
      path: here,
      found: '"hash" without its algorithm',
      allowed: '"hash" with algorithm hash',
      hint: `write ${checked.spelled({ algorithm: 'hash' })}`,
    })
  else if (algorithm !== 'hash' && checked.isAsWritten([...path, 'algorithm'], algorithm))
    checked.report({
      code: 'conflict',
      path: here,
      found: `"hash" with algorithm ${checked.quoted([...path, 'algorithm'], algorithm)}`,
      allowed: '"hash" with algorithm hash',
    })
  if (checked.isAsWritten([...here, 'by'], hash.by)) checkHashName(checked, here, hash)
}

function checkHashName(checked: Checked, path: Path, { by, name }: NonNullable<BackendConfig['hash']>): void {
  if (by === 'path' || by === 'client_ip') {
    if (name === undefined) return
    return checked.report({
      code: 'conflict',
      path: [...path, 'name'],
      found: `a name with "by: ${by}"`,
      allowed: by === 'path' ? 'no name: there is one path' : 'no name: a client has one address',
    })
  }
  if (name === undefined)
    return checked.report({
      code: 'missing-key',
      path,
      found: 'no "name"',
      allowed: `"name", that of the ${by}`,
    })
  if (by === 'query' || isStandIn(name) || /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return
  checked.report({
    code: 'wrong-value',
    path: [...path, 'name'],
    found: checked.said([...path, 'name'], name),
    allowed: `the name of a ${by}: letters, digits and "-"`,
  })
}

function checkAdaptive(checked: Checked, path: Path, words: BackendConfig['adaptive_limit']): void {
  if (words === undefined || words.least <= words.most) return
  checked.report({
    code: 'conflict',
    path: [...path, 'least'],
    found: `${words.least}, above a "most" of ${words.most}`,
    allowed: `at most ${words.most}`,
  })
}
