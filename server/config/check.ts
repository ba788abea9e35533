// What the schema cannot say: names that must resolve, addresses that must differ, keys that exclude each
// other.
import { formatDuration } from '../lib/durations.ts'
import { checkAuth } from './check-auth.ts'
import { checkAdmin } from './check-admin.ts'
import { checkBackends } from './check-backends.ts'
import { checkCertificates } from './check-certificates.ts'
import { checkGeo } from './check-geo.ts'
import { checkListeners } from './check-listeners.ts'
import { checkMachine } from './check-machine.ts'
import { checkProviders } from './check-oidc.ts'
import { checkRules } from './check-rules.ts'
import { checkTests } from './check-tests.ts'
import { checkTlsUse } from './check-tls-use.ts'
import { checkStickyNames } from './check-sticky.ts'
import { Checked } from './checked.ts'
import type { Problems } from './problem.ts'
import type { Config } from './schema.ts'
import type { MapTree } from './tree.ts'
import type { World } from './world.ts'

/**
 * Checks a config that fits the schema, or whose misfits have stand-ins; returns the absolute paths of files
 * that it read.
 */
export function checkConfig(
  config: Config,
  tree: MapTree,
  problems: Problems,
  world: World,
): ReadonlySet<string> {
  const checked = new Checked(config, tree, problems, world)
  checkAdmin(checked)
  checkListeners(checked)
  checkCertificates(checked)
  checkTlsUse(checked)
  checkAuth(checked)
  checkGeo(checked)
  checkProviders(checked)
  checkRules(checked)
  checkBackends(checked)
  checkTests(checked)
  checkStickyNames(checked)
  checkResolver(checked)
  checkOverload(checked)
  if (world.machine !== null) checkMachine(checked, world.machine)
  return checked.files
}

function checkResolver(checked: Checked): void {
  const { ttl_min, ttl_max } = checked.config.resolver
  if (ttl_min > ttl_max)
    checked.report({
      code: 'conflict',
      path: ['resolver', 'ttl_min'],
      found: checked.said(['resolver', 'ttl_min'], formatDuration(ttl_min)),
      allowed: `at most ttl_max, ${checked.said(['resolver', 'ttl_max'], formatDuration(ttl_max))}`,
    })
}

/** Of a worker that has nothing to do. */
const WORKER_BYTES = 96 * 1024 * 1024

function checkOverload(checked: Checked): void {
  const { memory, mode } = checked.config.overload
  if (memory === undefined || mode === 'off' || memory >= WORKER_BYTES) return
  const path = ['overload', 'memory']
  checked.warn({
    code: 'conflict',
    path,
    found: `${checked.said(path, `${memory} bytes`)}, about what a worker takes that has nothing to do`,
    allowed: 'more than that: else nearly all requests are refused for good',
    hint: '"sluice diagnostics" tells what workers take; twice as much is a beginning',
  })
}
