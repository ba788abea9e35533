// sluice admin link: lets a user into the dashboard once, without their password.
import { hostname } from 'node:os'
import { isAtLeast, isRole, ROLES } from '../../control/store/principal.ts'
import { linkLasts, linkPath, WHY_NO_LASTS } from '../../control/store/sign-in-links.ts'
import { parseBind, unixPathOf, writeBind } from '../../lib/bind.ts'
import { isWithinMachine } from '../../lib/within-machine.ts'
import { askGateway, findGateway } from '../gateway.ts'
import type { Io } from '../io.ts'
import { loadFile } from '../load-file.ts'
import { usageLine } from '../usage.ts'
import { failed, type Kept, withKept } from './kept.ts'

const HELP = `Prints a one-time link: whoever opens it in a browser is signed in as that user.

Usage: sluice admin link NAME [--role ROLE] [--for 15m] [--url URL] [--json] [-c FILE]

      --role ROLE    the sign-in has this role, of the user's own or less; default that of the user
      --for TIME     how long the link is good, as 15m (the default) or 2h, 24h at most
      --url URL      where browsers reach the admin listener, as behind a proxy; default where it listens
      --json         print JSON
  -c, --config FILE  the config file of the gateway; default ./sluice.yaml, then /etc/sluice/sluice.yaml
  -h, --help         this text

It is good once. A user with a second factor gives a code all the same, and what asks for a fresh password asks for it. Another
password of the user, or their removal, ends it. A hash of it is kept; it is printed this once.
Exit code: 0 printed; 1 there is no such user, or no address, or the data folder cannot be used; 2 wrong usage.
`

const COMMAND = 'admin link'
const VALUE = { takes: 'value' } as const

export function link(args: readonly string[], io: Io): Promise<number> {
  const options = { role: VALUE, for: VALUE, url: VALUE, json: { takes: 'flag' } as const }
  const words = { min: 1, max: 1, wanted: 'the name of a user' }
  const shape = { command: COMMAND, help: HELP, options, words, isMaking: () => false }
  return withKept(shape, args, io, make)
}

async function make({ read, store, io, file, tell }: Kept): Promise<number> {
  const [name = ''] = read.words
  const role = read.value('role')
  if (role !== null && !isRole(role)) return usageLine(COMMAND, `--role is one of ${ROLES.join(', ')}`, io)
  const lastsMs = linkLasts(read.value('for'))
  if (lastsMs === null) return usageLine(COMMAND, `--for: ${WHY_NO_LASTS}`, io)
  const url = read.value('url')
  if (url !== null && !/^https?:\/\/[^/?#]+[^?#]*$/.test(url))
    return usageLine(COMMAND, '--url is as https://gateway.example or https://example.org/sluice', io)
  const user = store.users.find(name)
  if (user === null) return failed(COMMAND, `there is no user ${name}`, io)
  if (role !== null && !isAtLeast(user.role, role))
    return failed(COMMAND, `${user.name} is ${user.role}, and a link gives no more than that`, io)
  const place = url ?? (await placeOf(file, io))
  if (typeof place !== 'string') return failed(COMMAND, place.problem, io)
  const made = store.signInLinks.add(user.name, { most: role, lastsMs })
  if (made === null)
    return failed(COMMAND, 'there are too many links that are good; wait until some have ended', io)
  const link = `${place.replace(/\/+$/, '')}${linkPath(made.token)}`
  const after = {
    user: user.name,
    role: role ?? user.role,
    expires_at: new Date(made.expiresMs).toISOString(),
  }
  tell('auth.links', `users/${user.name}`, { after })
  io.stdout(read.flag('json') ? `${JSON.stringify({ ...after, link })}\n` : `${link}\n`)
  return 0
}

/** Where a browser reaches the admin listener: of the gateway that runs, else as the file says. */
async function placeOf(file: string, io: Io): Promise<string | { readonly problem: string }> {
  const loaded = loadFile(file, { ...io, stderr: () => {} })
  const config = loaded.ok ? loaded.config.admin : null
  const open = (await runningAt(file, io)) ?? (config === false || config === null ? null : config.bind)
  if (config === false || open === null) return { problem: `no admin listener is open; ${NAME_IT}` }
  if (unixPathOf(open) !== null) return { problem: `the admin listener is a Unix socket; ${NAME_IT}` }
  const { host, port } = parseBind(open)
  if (port === 0) return { problem: `its port is known once the gateway runs; ${NAME_IT}` }
  const isHere = isWithinMachine(open)
  if (!isHere && config?.plain_http === true)
    return { problem: `nobody signs in by plain HTTP (admin.plain_http); ${NAME_IT}` }
  const scheme = config?.tls !== undefined || !isHere ? 'https' : 'http'
  const asked = host === '0.0.0.0' || host === '::' ? hostname() : host
  return `${scheme}://${writeBind(asked, port)}`
}

const NAME_IT = '--url names where browsers reach it'

/** As it was opened, whatever the file says by now; null: no gateway says. */
async function runningAt(file: string, io: Io): Promise<string | null> {
  const { ways, ...gateway } = findGateway(COMMAND, file, io)
  const sockets = ways.filter((way) => 'unix' in way)
  const asked = { method: 'GET', path: '/api/v1/status' }
  const answer = await askGateway({ ...gateway, ways: sockets }, asked, { ...io, stderr: () => {} })
  const { admin } = (answer?.body ?? {}) as { readonly admin?: unknown }
  return typeof admin === 'string' ? admin : null
}
