// The health checks of a backend: what they ask must be something that such servers can be asked.
import type { BackendConfig } from '../backends/backend.options.ts'
import type { HealthCheckConfig } from '../backends/health-check.options.ts'
import { checkTypeOf, schemeOf, unixServerPath } from '../lib/server-url.ts'
import { checkFields } from './check-fields.ts'
import type { Checked } from './checked.ts'
import type { Path } from './tree.ts'
import { UNUSED_BY_CHECK } from './unused-words.ts'

/** Checks the health checks of a backend: one, or a list of them. */
export function checkHealth(
  checked: Checked,
  path: Path,
  checks: readonly HealthCheckConfig[],
  servers: BackendConfig['servers'],
): void {
  const isList = checked.isWritten([...path, 0])
  const called = new Map<string, number>()
  for (const [index, health] of checks.entries()) {
    const here = isList ? [...path, index] : path
    checkOne(checked, here, health, servers)
    checkHost(checked, here, health, servers)
    const one = JSON.stringify({ ...health, type: checkTypeOf(health, servers) })
    const earlier = called.get(one)
    called.set(one, index)
    if (earlier !== undefined)
      checked.report({
        code: 'duplicate',
        path: here,
        found: 'the same check a second time',
        allowed: 'checks that ask different things',
        hint: `health_check[${earlier}] says the same`,
      })
  }
}

/** Where else it is asked, and by which name. */
function checkHost(
  checked: Checked,
  path: Path,
  health: HealthCheckConfig,
  servers: BackendConfig['servers'],
): void {
  const { host, port, headers } = health
  const type = checkTypeOf(health, servers)
  const unix = servers.findIndex(({ url }) => unixServerPath(url) !== null)
  if (port !== undefined && unix >= 0)
    checked.report({
      code: 'conflict',
      path: [...path, 'port'],
      found: '"port" where a server is at a Unix socket',
      allowed: 'it where all servers have ports',
      hint: `servers[${unix}] has none`,
    })
  const own = Object.keys(headers).find((name) => name.toLowerCase() === 'host')
  if (host !== undefined && own !== undefined)
    checked.report({
      code: 'conflict',
      path: [...path, 'headers', own],
      found: `"${own}" in headers, and "host"`,
      allowed: 'one of them',
      hint: '"host" is also what TLS asks for',
    })
  const isTls = servers.some(({ url }) => schemeOf(url)?.isTls === true)
  if (host !== undefined && type !== 'http' && !(type === 'tcp' && isTls))
    checked.report({
      code: 'conflict',
      path: [...path, 'host'],
      found: `"host" in a check of type ${type}`,
      allowed: 'it in a check of type http, or of servers that are spoken to by TLS',
      hint: 'whom a check asks is said by the url of the server, and "port"',
    })
  if (host !== undefined && type === 'tcp' && isTls && /:[0-9]+$/.test(host))
    checked.report({
      code: 'wrong-value',
      path: [...path, 'host'],
      found: checked.said([...path, 'host'], host),
      allowed: 'a name without a port in a check of type tcp',
      hint: `write ${checked.spelled({ host: host.replace(/:[0-9]+$/, '') })}`,
    })
}

function checkOne(
  checked: Checked,
  path: Path,
  health: HealthCheckConfig,
  servers: BackendConfig['servers'],
): void {
  const { method, expect, headers, send } = health
  const type = checkTypeOf(health, servers)
  if (type === 'udp' && send === undefined && !checked.isWritten([...path, 'send']))
    checked.report({
      code: 'missing-key',
      path,
      found: 'a check of type udp without "send"',
      allowed: 'what is sent to the server',
      hint: `write ${checked.spelled({ send: 'ping' })}, and "expect" with "data" where it answers`,
    })
  for (const key of UNUSED_BY_CHECK[type])
    if (checked.isWritten([...path, ...key]))
      checked.report({
        code: 'conflict',
        path: [...path, ...key],
        found: `"${key.join('.')}" in a check of type ${type}`,
        allowed: `it in a check of type ${type === 'http' ? 'tcp' : 'http'}`,
        hint: type === 'tcp' ? 'a tcp check connects, and may send and expect data' : null,
      })
  if (send !== undefined && expect.data === undefined && expect.data_regex === undefined && type === 'tcp')
    checked.report({
      code: 'conflict',
      path: [...path, 'send'],
      found: '"send" without what is expected',
      allowed: 'expect.data or expect.data_regex beside it',
      hint: `write ${checked.spelled({ expect: { data: '+PONG' } })}`,
    })
  checkFields(checked, [...path, 'headers'], headers)
  const wanted = expect.body === undefined ? 'body_regex' : 'body'
  if (method === 'HEAD' && expect[wanted] !== undefined)
    checked.report({
      code: 'conflict',
      path: [...path, 'expect', wanted],
      found: `"${wanted}" with method HEAD`,
      allowed: 'a method whose answer has a body',
      hint: `write ${checked.spelled({ method: 'GET' })}`,
    })
}
