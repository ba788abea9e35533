// sluice admin user: who may sign in.
import { hashPassword } from '../../control/store/passwords.ts'
import { isRole, ROLES } from '../../control/store/principal.ts'
import { whyNoUserName } from '../../control/store/users.ts'
import type { Io } from '../io.ts'
import { table } from '../table.ts'
import { usageLine } from '../usage.ts'
import { askPassword, PASSWORD_HELP, PASSWORD_OPTION } from './ask-password.ts'
import { failed, type Kept, whoAsks, withKept } from './kept.ts'

const HELP = `Users of the admin API.

Usage: sluice admin user list [-c FILE] [--json]
       sluice admin user add NAME --role ROLE [--password-file FILE] [-c FILE]
       sluice admin user set NAME --role ROLE [-c FILE]
       sluice admin user remove NAME [-c FILE]

      --role ROLE           viewer (sees), operator (also states of servers, checks, reloads), editor (also the config), admin
                            (also users, tokens and the gateway itself)
${PASSWORD_HELP}
      --json                print JSON
  -c, --config FILE         the config file of the gateway; default ./sluice.yaml, then /etc/sluice/sluice.yaml
  -h, --help                this text

A password has at least 12 characters. Another role ends the sign-ins of that user; "sluice admin reset-password" gives another
password. The last admin is neither removed nor made less.
Exit code: 0 done; 1 there is one of this name, or none, or the data folder cannot be used; 2 wrong usage.
`

const COMMAND = 'admin user'

export function user(args: readonly string[], io: Io): Promise<number> {
  const options = { ...PASSWORD_OPTION, role: { takes: 'value' }, json: { takes: 'flag' } } as const
  const words = { min: 1, max: 2, wanted: 'list, add, set or remove' }
  const shape = { command: COMMAND, help: HELP, options, words, isMaking }
  return withKept(shape, args, io, (kept) => {
    const [act, name] = kept.read.words
    if (act === 'list' && name === undefined) return list(kept)
    if (act !== 'add' && act !== 'set' && act !== 'remove')
      return usageLine(COMMAND, `unknown word "${act}": it is list, add, set or remove`, io)
    if (name === undefined) return usageLine(COMMAND, 'the name of a user is missing', io)
    return act === 'add' ? add(name, kept) : act === 'set' ? setRole(name, kept) : remove(name, kept)
  })
}

const isMaking = ([act]: readonly string[]): boolean => act === 'add'

async function add(name: string, { read, store, io, tell }: Kept): Promise<number> {
  const role = read.value('role')
  if (role === null || !isRole(role)) return usageLine(COMMAND, `--role is one of ${ROLES.join(', ')}`, io)
  const odd = whyNoUserName(name)
  if (odd !== null) return usageLine(COMMAND, odd, io)
  if (store.users.find(name) !== null) return failed(COMMAND, `there is a user ${name} already`, io)
  const password = await askPassword(read, io)
  if (typeof password !== 'string') return failed(COMMAND, password.problem, io)
  const hash = await hashPassword(password)
  if (!store.users.add({ name, role, hash, by: `${whoAsks().name} (command)` }))
    return failed(COMMAND, `there is a user ${name} already`, io)
  // There is a way in now: the one-time token is for nobody any more.
  store.setupToken.remove()
  tell('users.create', `users/${name}`, { after: { name, role } })
  io.stdout(`${name} may sign in as ${role}\n`)
  return 0
}

function setRole(name: string, { read, store, io, tell }: Kept): number {
  const role = read.value('role')
  if (role === null || !isRole(role)) return usageLine(COMMAND, `--role is one of ${ROLES.join(', ')}`, io)
  const before = store.users.find(name)
  const outcome = store.users.setRole(name, role)
  if (before === null || outcome === 'unknown') return failed(COMMAND, `there is no user ${name}`, io)
  if (outcome === 'last_admin') return failed(COMMAND, `${name} is the last admin; add another one first`, io)
  tell('users.update', `users/${before.name}`, { before: { role: before.role }, after: { role } })
  io.stdout(`${before.name} is ${role} now\n`)
  return 0
}

function remove(name: string, { store, io, tell }: Kept): number {
  const before = store.users.find(name)
  const outcome = store.users.remove(name)
  if (before === null || outcome === 'unknown') return failed(COMMAND, `there is no user ${name}`, io)
  if (outcome === 'last_admin') return failed(COMMAND, `${name} is the last admin; add another one first`, io)
  tell('users.remove', `users/${before.name}`, { before: { name: before.name, role: before.role } })
  const theirs = store.tokens.list().filter(({ createdBy }) => createdBy === before.name)
  io.stdout(`${before.name} is removed\n`)
  if (theirs.length > 0)
    io.stdout(`tokens that they made go on: ${theirs.map(({ id, name }) => `${name} (${id})`).join(', ')}\n`)
  return 0
}

function list({ read, store, io }: Kept): number {
  const users = store.users.list()
  if (read.flag('json')) {
    const shown = users.map(({ name, role, hasTotp, lastSignInMs, createdBy }) => ({
      ...{ name, role, totp: hasTotp, created_by: createdBy, last_sign_in_at: timeOf(lastSignInMs) },
    }))
    io.stdout(`${JSON.stringify(shown)}\n`)
    return 0
  }
  if (users.length === 0) {
    io.stdout('no users; "sluice admin user add NAME --role admin" makes the first one\n')
    return 0
  }
  const rows = users.map(({ name, role, hasTotp, lastSignInMs }) => [
    ...[name, role, hasTotp ? 'on' : 'off', timeOf(lastSignInMs)?.slice(0, 16).replace('T', ' ') ?? '-'],
  ])
  io.stdout(table(['USER', 'ROLE', 'TOTP', 'LAST SIGN-IN'], rows))
  return 0
}

const timeOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())
