// coturn: what our tools are tried on, and our rival in the bench. One process for each listener.
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testCertificate } from './certificate.ts'
import { freePort } from './kernel.ts'
import { isRunning, killAll } from './processes.ts'
import { programPath } from './needs.ts'
import type { TurnServer, TurnWords } from './turn.ts'
import { BINDING, StunWriter } from './stun.ts'
import { REALM, TurnLine } from './turn-line.ts'
import { waitFor } from './wait.ts'

interface Running {
  readonly child: Bun.Subprocess
  readonly port: number
  readonly tlsPort: number
}

/** Starts coturn with what it has of these settings, one thread each for its relay. */
export async function startCoturn(listeners: Readonly<Record<string, TurnWords>>): Promise<TurnServer> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-coturn-'))
  const running = new Map<string, Running>()
  const stop = async (): Promise<void> => {
    killAll([...running.values()].map(({ child }) => child.pid))
    for (const { child } of running.values()) await child.exited
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    for (const [name, words] of Object.entries(listeners)) running.set(name, await start(folder, name, words))
  } catch (problem) {
    await stop()
    throw problem
  }
  const of = (name: string): Running => {
    const found = running.get(name)
    if (found === undefined) throw new Error(`No listener ${name}`)
    return found
  }
  return {
    name: 'coturn',
    gateway: null,
    host: (name) => listeners[name]?.host ?? '127.0.0.1',
    port: (name) => of(name).port,
    tlsPort: (name) => of(name).tlsPort,
    pids: () => [...running.values()].map(({ child }) => child.pid),
    [Symbol.asyncDispose]: stop,
  }
}

async function start(parent: string, name: string, words: TurnWords): Promise<Running> {
  const folder = join(parent, name)
  mkdirSync(folder)
  const [port, tlsPort] = [freePort(), freePort()]
  writeFileSync(join(folder, 'turn.conf'), configOf(words, port, tlsPort))
  const logFile = join(folder, 'log')
  const log = openSync(logFile, 'a')
  const child = Bun.spawn([programPath('turnserver') ?? 'turnserver', '-c', 'turn.conf'], {
    cwd: folder,
    stdin: 'ignore',
    stdout: log,
    stderr: log,
  })
  closeSync(log)
  started.add(child.pid)
  void child.exited.then(() => started.delete(child.pid))
  try {
    await waitFor(
      async () => (await answers(words.host ?? '127.0.0.1', port)) || endedEarly(child.pid, logFile),
      {
        what: `coturn to answer: ${configOf(words, port, tlsPort)}`,
      },
    )
  } catch (problem) {
    killAll([child.pid])
    throw problem
  }
  return { child, port, tlsPort }
}

const endedEarly = (pid: number, logFile: string): false => {
  if (isRunning(pid)) return false
  throw new Error(`coturn ended:\n${readFileSync(logFile, 'utf8')}`)
}

/** Whether a STUN server answers there. */
async function answers(host: string, port: number): Promise<boolean> {
  await using line = await TurnLine.open({ host, port })
  return await line.ask(new StunWriter(BINDING), { repeats: 0 }).then(
    () => true,
    () => false,
  )
}

function configOf(words: TurnWords, port: number, tlsPort: number): string {
  const { cert, key } = testCertificate()
  const host = words.host ?? '127.0.0.1'
  const relays = host === '::1' ? ['::1', '127.0.0.1'] : ['127.0.0.1', '::1']
  const [low, high] = (words.ports ?? '49152-65535').split('-')
  const allows = words.allow === undefined || words.allow.some((range) => range.startsWith('127.'))
  return [
    `listening-ip=${host}`,
    `listening-port=${port}`,
    `tls-listening-port=${tlsPort}`,
    ...(words.discovery === undefined ? ['no-rfc5780'] : discovery(words.discovery)),
    ...relays.map((ip) => `relay-ip=${ip}`),
    `min-port=${low}`,
    `max-port=${high}`,
    'relay-threads=1',
    `realm=${REALM}`,
    words.secret === undefined
      ? 'lt-cred-mech\nuser=test:test123'
      : `use-auth-secret\nstatic-auth-secret=${words.secret}`,
    ...(allows ? ['allow-loopback-peers'] : []),
    ...(words.deny ?? []).map((ip) => `denied-peer-ip=${ip}`),
    ...(words.tcp === true ? [] : ['no-tcp-relay']),
    ...(words.mobility === true ? ['mobility'] : []),
    ...(words.userQuota === undefined ? [] : [`user-quota=${words.userQuota}`]),
    ...(words.redirect === undefined ? [] : [`alternate-server=${words.redirect}`]),
    `stale-nonce=${words.nonceTtlS ?? 600}`,
    'no-cli\nno-dtls\nno-software-attribute\nno-stun-backward-compatibility',
    `cert=${cert}\npkey=${key}`,
    'userdb=turndb\nlog-file=stdout\nsimple-log\npidfile=turn.pid',
    '',
  ].join('\n')
}

function discovery(second: string): string[] {
  const at = second.lastIndexOf(':')
  const alternative = Number(second.slice(at + 1))
  return [`listening-ip=${second.slice(0, at)}`, `alt-listening-port=${alternative}`]
}

const started = new Set<number>()
process.on('exit', () => killAll([...started]))
