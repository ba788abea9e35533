// What an entry of the audit says, in words, and what it changed.
import { segment, to } from '../../data/urls.ts'

const DONE: Readonly<Record<string, string>> = {
  create: 'made',
  update: 'changed',
  replace: 'changed',
  delete: 'removed',
  remove: 'removed',
  move: 'moved',
  reorder: 'put in another order',
  revoke: 'revoked',
  confirm: 'confirmed',
  rollback: 'rolled back',
  retry: 'tried again',
  run: 'run',
  persist: 'written into the config',
}
const WHOLE: Readonly<Record<string, string>> = {
  'auth.sign-in': 'Signed in',
  'auth.sign-out': 'Signed out',
  'auth.step-up': 'Gave the password once more',
  'auth.links': 'Made a sign-in link',
  'auth.link': 'Signed in by a link',
  'auth.setup': 'Set the gateway up',
  'config.replace': 'Replaced the config',
  'config.rollback': 'Rolled the config back',
  'config.confirm': 'Confirmed a change',
  'requests.replay': 'Sent a request once more',
  'gateway.stop': 'Stopped the gateway',
  'gateway.reload': 'Read the config file again',
}
/** What there are of it, as one. */
const NOUNS: Readonly<Record<string, string>> = {
  backends: 'Backend',
  servers: 'Server',
  rules: 'Rule',
  listeners: 'Listener',
  certificates: 'Certificate',
  users: 'User',
  tokens: 'Token',
  state: 'State',
  health: 'Health',
  rollouts: 'Rollout',
  config: 'Config',
  changes: 'Config',
  changesets: 'Config',
  'sign-ins': 'Sign-in',
  allocations: 'Allocation',
  credentials: 'Credential',
}

/** `backends.servers.update`: “Server changed”. */
export function actionWords(action: string): string {
  const known = WHOLE[action]
  if (known !== undefined) return known
  const parts = action.split('.')
  const verb = DONE[parts.at(-1) ?? '']
  const noun = NOUNS[(verb === undefined ? parts.at(-1) : parts.at(-2)) ?? '']
  if (noun === undefined) return action
  return verb === undefined ? noun : `${noun} ${verb}`
}

/** The page of a resource: `backends/api/servers/api-3`; null: it has none. */
export function pageOfResource(resource: string): string | null {
  const [kind = '', name = '', below, server] = resource.split('/')
  if (kind === 'backends' && below === 'servers' && server !== undefined)
    return to(`/backends/${segment(name)}/servers/${segment(server)}`)
  if (kind === 'requests' && name !== '') return to(`/activity/requests/${segment(name)}`)
  if (kind === 'rules') return to(name === '' ? '/rules' : `/rules?edit=${segment(name)}`)
  if (['backends', 'listeners', 'certificates'].includes(kind))
    return to(name === '' ? `/${kind}` : `/${kind}/${segment(name)}`)
  if (['users', 'tokens', 'sign-ins'].includes(kind)) return to(`/settings/${kind}`)
  if (['config', 'changes', 'changesets'].includes(kind)) return to('/config/history')
  return kind === 'turn' ? to('/realtime') : null
}

/** The revision that a value names; null: none. */
export function revisionIn(value: unknown): number | null {
  const found = isMap(value) ? value['revision'] : undefined
  return typeof found === 'number' ? found : null
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Before and after as a unified difference of their JSON; '': they are the same. */
export function differenceOf(before: unknown, after: unknown): string {
  const [old, next] = [linesOf(before), linesOf(after)]
  const lines = unified(old, next)
  if (lines.every((line) => line.startsWith(' '))) return ''
  return `@@ -1,${old.length} +1,${next.length} @@\n${lines.join('\n')}\n`
}

/** Without commas at their ends: where one is added below, the line above it is the same. */
const linesOf = (value: unknown): string[] =>
  value === null || value === undefined
    ? []
    : JSON.stringify(value, null, 2).replaceAll(/,$/gm, '').split('\n')

/** Beyond it all is told as removed and added: what is longer is no difference that one reads. */
const CELLS_MAX = 1_000_000

/** By the longest common subsequence. */
function unified(old: readonly string[], next: readonly string[]): string[] {
  if (old.length * next.length > CELLS_MAX)
    return [...old.map((line) => `-${line}`), ...next.map((line) => `+${line}`)]
  const width = next.length + 1
  const best = new Uint32Array((old.length + 1) * width)
  for (let a = old.length - 1; a >= 0; a--)
    for (let b = next.length - 1; b >= 0; b--)
      best[a * width + b] =
        old[a] === next[b]
          ? (best[(a + 1) * width + b + 1] ?? 0) + 1
          : Math.max(best[(a + 1) * width + b] ?? 0, best[a * width + b + 1] ?? 0)
  const lines: string[] = []
  let [a, b] = [0, 0]
  while (a < old.length || b < next.length) {
    if (a < old.length && b < next.length && old[a] === next[b]) {
      lines.push(` ${old[a]}`)
      a++
      b++
    } else if (b >= next.length || (a < old.length && isRemoved(best, width, a, b)))
      lines.push(`-${old[a++]}`)
    else lines.push(`+${next[b++]}`)
  }
  return lines
}

const isRemoved = (best: Uint32Array, width: number, a: number, b: number): boolean =>
  (best[(a + 1) * width + b] ?? 0) >= (best[a * width + b + 1] ?? 0)
