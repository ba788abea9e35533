// sluice demo: sample servers, a gateway before them and a little traffic, to look at and to play with.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newSecret, randomWord } from '../../control/store/secrets.ts'
import { selfSigned } from '../../tls/self-signed.ts'
import { readArgs } from '../args.ts'
import { whyFailed } from '../failure.ts'
import type { Io } from '../io.ts'
import { usageLine } from '../usage.ts'
import { demoConfig, type DemoPorts } from './demo-config.ts'
import { type DemoGateway, startDemoGateway } from './demo-gateway.ts'
import { freePorts } from './free-ports.ts'
import { prepare } from './prepare.ts'
import { type Samples, startSamples } from './samples.ts'
import { addresses, anotherLink, sendFirst, UNWELL, wayInText } from './summary.ts'
import { Traffic } from './traffic.ts'
import { TurnCall } from './turn-call.ts'

const HELP = `Starts sample servers, a gateway before them and a little traffic, and says where to look: the dashboard, by a one-time link.

Usage: sluice demo [--once | --quiet] [--any-port]

      --once      stop after the first requests and what became of them
      --quiet     no traffic beyond these
      --any-port  free ports, and not the usual ones where these are free

It stays until Ctrl-C, and is reached from this machine alone. Its config is a file that you may edit meanwhile: changes apply
at once. Some of its servers are unwell on purpose.
`

/** The certificate that ends soon: so many days of its life are over, and so many are left. */
const LIVED_DAYS = 85
const LEFT_DAYS = 5
const DAY_MS = 86_400_000
const TRIES = 3
const TURN_PASSWORD_CHARS = 16

/** Runs the demo until it is stopped; gives the exit code. */
export async function demo(args: readonly string[], io: Io): Promise<number> {
  const flag = { takes: 'flag' } as const
  const read = readArgs(args, { options: { once: flag, quiet: flag, 'any-port': flag } })
  if ('problem' in read) return usageLine('demo', read.problem, io)
  if (read.flag('help')) {
    io.stdout(HELP)
    return 0
  }
  const folder = makeFolder(io)
  if (folder === null) return 1
  const asked = whenAskedToStop()
  const samples = await startSamples()
  let started: Started | null = null
  try {
    const starting = { folder, samples, isAny: read.flag('any-port') }
    started = await start(starting, { ...io, stderr: (text) => asked.isAsked() || io.stderr(text) })
    // Ctrl-C reaches the gateway as well, which then does not start.
    if (started === null) return asked.isAsked() ? 0 : 1
    if (!read.flag('once')) return await stay(started, asked.stop, read.flag('quiet'), io)
    io.stdout(await sendFirst(started.ports, samples.fruit))
    io.stdout(addresses(started))
    return 0
  } finally {
    await started?.gateway.stop()
    samples.stop()
    rmSync(folder, { recursive: true, force: true })
    asked.forget()
  }
}

interface Starting {
  readonly samples: Samples
  readonly folder: string
  /** Not even the usual ports where these are free. */
  readonly isAny: boolean
}

interface Started extends Starting {
  readonly gateway: DemoGateway
  readonly ports: DemoPorts
  /** The config. */
  readonly file: string
  readonly turnPassword: string
}

/** Where its files are; null, and a line on stderr, where none can be made. */
function makeFolder(io: Io): string | null {
  const inside = tmpdir()
  try {
    return mkdtempSync(join(inside, 'sluice-demo-'))
  } catch (error) {
    io.stderr(
      `sluice demo: its files cannot be put into ${inside}: ${whyFailed(error)}; name another folder with TMPDIR\n`,
    )
    return null
  }
}

/** Null, and why on stderr, where the gateway does not start. */
async function start({ folder, samples, isAny }: Starting, io: Io): Promise<Started | null> {
  const life = { nowMs: Date.now() - LIVED_DAYS * DAY_MS, days: LIVED_DAYS + LEFT_DAYS }
  const { cert, key } = selfSigned(['shop.localhost'], life)
  writeFileSync(join(folder, 'shop.pem'), cert)
  writeFileSync(join(folder, 'shop.key'), key, { mode: 0o600 })
  const file = join(folder, 'sluice.yaml')
  const turnPassword = randomWord(TURN_PASSWORD_CHARS)
  const turnSecret = newSecret()
  for (let tries = 1; ; tries++) {
    const ports = await freePorts(isAny || tries > 1)
    writeFileSync(file, demoConfig({ ports, samples, turnPassword, turnSecret }), { mode: 0o600 })
    const gateway = await startDemoGateway(file, io)
    if (!('problem' in gateway)) return { gateway, ports, samples, folder, isAny, file, turnPassword }
    // Somebody was faster: with other ports once more.
    if (gateway.isPortTaken && tries < TRIES) continue
    io.stderr(`sluice demo: the gateway did not start\n${gateway.problem}\n`)
    return null
  }
}

/** Traffic until it is asked to stop; the exit code. */
async function stay(started: Started, asked: Promise<'asked'>, isQuiet: boolean, io: Io): Promise<number> {
  const { gateway, ports, turnPassword } = started
  const traffic = new Traffic(ports)
  const ended = Promise.race([asked, gateway.exited])
  let call: TurnCall | null = null
  try {
    // 1. WebSockets are there before one of their servers drains.
    if (!isQuiet) await Promise.race([traffic.open(), ended])
    // 2. Where to look, then what there is.
    if ((await Promise.race([greet(started, io), ended])) === undefined) {
      gateway.tell()
      if (!isQuiet) {
        traffic.start()
        call = await TurnCall.begin(ports.turn, turnPassword)
      }
    }
    const end = await ended
    if (end !== 'asked') io.stderr('sluice demo: the gateway stopped by itself\n')
    return end === 'asked' ? 0 : 1
  } catch (error) {
    io.stderr(`sluice demo: ${whyFailed(error)}\n`)
    return 1
  } finally {
    traffic.stop()
    call?.stop()
  }
}

async function greet(started: Started, io: Io): Promise<void> {
  // What stands against it comes as an error: at an end meanwhile it is of no account.
  const { ports, samples, file } = started
  const way = await prepare(file, { ...io, stderr: () => {} })
  const isBold = process.stdout.isTTY && (io.env['NO_COLOR'] ?? '') === ''
  io.stdout(wayInText(way, ports, isBold))
  io.stdout(await sendFirst(ports, samples.fruit))
  io.stdout(`${addresses(started)}${UNWELL}${anotherLink(file)}\nCtrl-C stops it all.\n`)
}

/**
 * Ctrl-C, SIGTERM, or a terminal that closes, instead of ending at once: what was started must be stopped
 * first.
 */
const STOPS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const

interface Stopping {
  readonly stop: Promise<'asked'>
  isAsked(): boolean
  forget(): void
}

function whenAskedToStop(): Stopping {
  const { promise, resolve } = Promise.withResolvers<'asked'>()
  let isAsked = false
  const ask = (): void => {
    isAsked = true
    resolve('asked')
  }
  for (const signal of STOPS) process.on(signal, ask)
  const forget = (): void => {
    for (const signal of STOPS) process.off(signal, ask)
  }
  return { stop: promise, isAsked: () => isAsked, forget }
}
