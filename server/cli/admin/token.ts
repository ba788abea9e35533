// sluice admin token: what programs show to the admin API.
import { parseRange } from '../../lib/ranges.ts'
import { isRole, ROLES } from '../../control/store/principal.ts'
import { whyNoScope } from '../../control/store/scopes.ts'
import { expiryOf } from '../../control/store/tokens.ts'
import type { Io } from '../io.ts'
import { table } from '../table.ts'
import { usageLine } from '../usage.ts'
import { failed, type Kept, whoAsks, withKept } from './kept.ts'

const HELP = `Tokens of the admin API, for programs: Authorization: Bearer slt_…

Usage: sluice admin token --role ROLE [--name N] [--expires 90d] [--scope S]… [--from RANGE]… [-c FILE]
       sluice admin token list [-c FILE] [--json]
       sluice admin token revoke ID [-c FILE]

      --role ROLE     viewer, operator, editor or admin
      --name N        what it is for, for lists and the audit; default token
      --expires TIME  90d (the default), 12h, 30m, or never
      --scope S       a resource that it may touch, as backends/api, or backends/api/* with what is below it; may be repeated; default all
      --from RANGE    addresses that it is taken from, as 10.0.0.0/8; may be repeated; default all
      --json          print JSON
  -c, --config FILE   the config file of the gateway; default ./sluice.yaml, then /etc/sluice/sluice.yaml
  -h, --help          this text

The token is printed this once: a hash of it is kept. A running gateway takes it, or takes it no more, at once.
Exit code: 0 done; 1 there is none of this id, or the data folder cannot be used; 2 wrong usage.
`

const COMMAND = 'admin token'
const VALUE = { takes: 'value' } as const
const VALUES = { takes: 'values' } as const

export function token(args: readonly string[], io: Io): Promise<number> {
  const options = {
    ...{ role: VALUE, name: VALUE, expires: VALUE, json: { takes: 'flag' } as const },
    ...{ scope: VALUES, from: VALUES },
  }
  const shape = { command: COMMAND, help: HELP, options, words: { min: 0, max: 2 }, isMaking }
  return withKept(shape, args, io, (kept) => {
    const [act, id] = kept.read.words
    if (act === undefined) return make(kept)
    if (act === 'list' && id === undefined) return list(kept)
    if (act !== 'revoke') return usageLine(COMMAND, `unknown word "${act}"`, io)
    return id === undefined ? usageLine(COMMAND, 'the id of a token is missing', io) : revoke(id, kept)
  })
}

const isMaking = (words: readonly string[]): boolean => words.length === 0

function make({ read, store, io, tell }: Kept): number {
  const [role, name] = [read.value('role'), read.value('name') ?? 'token']
  if (role === null || !isRole(role)) return usageLine(COMMAND, `--role is one of ${ROLES.join(', ')}`, io)
  const expiresMs = expiryOf(read.value('expires'), Date.now())
  if (expiresMs === undefined) return usageLine(COMMAND, '--expires is as 90d, 12h, 30m or never', io)
  const [scopes, ranges] = [read.values('scope'), read.values('from')]
  const odd = scopes.map(whyNoScope).find((why) => why !== null)
  if (odd !== undefined) return usageLine(COMMAND, odd, io)
  if (ranges.some((range) => parseRange(range) === null))
    return usageLine(COMMAND, '--from is a range as 10.0.0.0/8, or an address', io)
  const createdBy = `${whoAsks().name} (command)`
  const made = store.tokens.add({ role, name: name.slice(0, 100), scopes, ranges, createdBy, expiresMs })
  if (made === null) return failed(COMMAND, 'there are too many tokens; revoke those that nobody needs', io)
  const { id } = made.token
  tell('tokens.create', `tokens/${id}`, {
    after: { id, name, role, scopes, ranges, expires_at: timeOf(expiresMs) },
  })
  if (read.flag('json'))
    io.stdout(`${JSON.stringify({ id, name, role, expires_at: timeOf(expiresMs), token: made.text })}\n`)
  else io.stdout(`${made.text}\n`)
  return 0
}

function revoke(id: string, { store, io, tell }: Kept): number {
  const before = store.tokens.get(id)
  if (before === null || !store.tokens.remove(id)) return failed(COMMAND, `there is no token ${id}`, io)
  tell('tokens.remove', `tokens/${id}`, { before: { id, name: before.name, role: before.role } })
  io.stdout(`${before.name} is revoked\n`)
  return 0
}

function list({ read, store, io }: Kept): number {
  const tokens = store.tokens.list()
  if (read.flag('json')) {
    const shown = tokens.map(({ id, name, role, scopes, ranges, expiresMs, usedMs, usedFrom }) => ({
      ...{ id, name, role, scopes, ranges, expires_at: timeOf(expiresMs) },
      ...{ last_used_at: timeOf(usedMs), last_used_from: usedFrom },
    }))
    io.stdout(`${JSON.stringify(shown)}\n`)
    return 0
  }
  const rows = tokens.map(({ id, name, role, scopes, expiresMs, usedMs, usedFrom }) => [
    ...[id, name, role, scopes.join(' ') || 'all', minuteOf(expiresMs) ?? 'never'],
    usedMs === null ? '-' : `${minuteOf(usedMs)} ${usedFrom}`,
  ])
  io.stdout(
    rows.length === 0 ? 'no tokens\n' : table(['ID', 'NAME', 'ROLE', 'SCOPES', 'EXPIRES', 'LAST USED'], rows),
  )
  return 0
}

const timeOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())
const minuteOf = (ms: number | null): string | null => timeOf(ms)?.slice(0, 16).replace('T', ' ') ?? null
