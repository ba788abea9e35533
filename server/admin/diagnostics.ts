// All that helps to find out what is wrong with a gateway, in one document that can be handed on: secrets are
// hidden, as in answers to those who may not read the config's text.
import { statfsSync } from 'node:fs'
import os from 'node:os'
import { longTreeOfText } from '../config/plain.ts'
import { shownConfig } from '../config/shown.ts'
import { redacted } from '../control/store/redacted.ts'
import type { ControlFacts } from '../control/facts.ts'
import { procText } from '../lib/proc.ts'
import { processFigures } from '../lib/process-figures.ts'
import { TOPICS } from '../tables/events.ts'
import { configStatus } from './config-status.ts'

export type DiagnosticFacts = Pick<
  ControlFacts,
  'gateway' | 'health' | 'metrics' | 'prometheus' | 'live' | 'changes' | 'acme' | 'turn' | 'tasks'
>

const REVISIONS_MAX = 50
const EVENTS_MAX = 1000
/** Of metrics as text; more is cut. */
const METRICS_CHARS_MAX = 2 * 1024 * 1024

/** The document; nothing of it is asked of another process. */
export async function diagnostics(facts: DiagnosticFacts): Promise<object> {
  const { gateway, health, metrics, changes } = facts
  const made = {
    made: new Date().toISOString(),
    gateway: aboutGateway(facts),
    machine: aboutMachine(),
    processes: processesOf(facts),
    limits: limitsOf(),
    config: configOf(facts),
    // Whoever guesses a secret in a text could try it on its hash.
    revisions: ((await changes.list((gateway.served()?.revision ?? 0) + 1, REVISIONS_MAX)) ?? []).map(
      ({ atMs, hash: _, ...one }) => ({ ...one, time: new Date(atMs).toISOString() }),
    ),
    health: health(),
    metrics: metrics(),
    acme: facts.acme.facts(),
    turn: { serving: facts.turn.isServing(), listeners: facts.turn.figures() },
    operations: facts.tasks.operations.list(),
    events: eventsOf(facts),
  }
  const text = facts.prometheus()
  return {
    ...(redacted(made) as object),
    // Labels come from the config and from closed lists.
    prometheus: text.slice(0, METRICS_CHARS_MAX),
    prometheus_cut: text.length > METRICS_CHARS_MAX,
  }
}

function aboutGateway({ gateway }: DiagnosticFacts): object {
  const { build, startedMs, file, addresses, admin } = gateway
  return {
    ...{ ...build, bun: Bun.version, bun_revision: Bun.revision, executable: process.execPath },
    ...{ pid: process.pid, started: new Date(startedMs).toISOString() },
    uptime_s: Math.round((Date.now() - startedMs) / 1000),
    ...{ file, admin: admin(), listeners: addresses() },
    user: process.getuid?.() ?? null,
    folder: process.cwd(),
  }
}

function aboutMachine(): object {
  const [cpu] = os.cpus()
  return {
    ...{ platform: os.platform(), arch: os.arch(), release: os.release(), kernel: os.version() },
    distribution: /^PRETTY_NAME="?([^"\n]*)/m.exec(procText('/etc/os-release'))?.[1] ?? null,
    cpus: os.cpus().length,
    cpu: cpu?.model ?? null,
    usable_cpus: os.availableParallelism(),
    ...{ memory_bytes: os.totalmem(), memory_free_bytes: os.freemem(), load: os.loadavg() },
    uptime_s: Math.round(os.uptime()),
    time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    somaxconn: numberOf('/proc/sys/net/core/somaxconn'),
    unprivileged_port_start: numberOf('/proc/sys/net/ipv4/ip_unprivileged_port_start'),
    io_uring_disabled: numberOf('/proc/sys/kernel/io_uring_disabled'),
  }
}

function numberOf(file: string): number | null {
  const text = procText(file).trim()
  return text === '' ? null : Number(text)
}

function processesOf({ gateway }: DiagnosticFacts): object[] {
  const workers = gateway.workers().filter(({ pid }) => pid !== process.pid)
  return [
    { role: 'supervisor', ...processFigures(process.pid) },
    ...workers.map(({ pid, slot, uptime_s }) => ({
      ...{ role: 'worker', slot, uptime_s },
      ...processFigures(pid),
    })),
  ]
}

/** Of the supervisor, as /proc/self/limits tells them: soft and hard. */
function limitsOf(): object {
  const rows = procText('/proc/self/limits').split('\n').slice(1)
  return Object.fromEntries(
    rows.flatMap((row) => {
      const [, name, soft, hard] = /^(Max [a-z ]+?)\s{2,}(\S+)\s+(\S+)/.exec(row) ?? []
      return name === undefined ? [] : [[name.slice(4).replaceAll(' ', '_'), { soft, hard }]]
    }),
  )
}

function configOf(facts: DiagnosticFacts): object {
  const { gateway } = facts
  const served = gateway.served()
  const status = configStatus(facts, { role: 'viewer' })
  if (served === null) return { status, effective: null, data: null }
  const { config, text } = served.edition
  const tree = longTreeOfText(gateway.file, text)
  return {
    status,
    effective: tree === null ? null : shownConfig(config, tree),
    data: { folder: config.data, ...spaceAt(config.data) },
  }
}

function spaceAt(folder: string): object {
  try {
    const { bavail, blocks, bsize } = statfsSync(folder)
    return { free_bytes: bavail * bsize, size_bytes: blocks * bsize }
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) }
  }
}

function eventsOf({ live }: DiagnosticFacts): unknown[] {
  return live.events.latest(new Set(TOPICS), EVENTS_MAX).map(({ text }) => JSON.parse(text) as unknown)
}
