// Which sockets a gateway has: what is wanted (config, or SLUICE_SOCKETS before it), as far as this machine
// lets us have it. Pure: what the machine says is handed in.
import { SOCKETS_KINDS, type SocketsKind } from './socket.ts'

export type SocketsWanted = 'auto' | SocketsKind

export interface Choice {
  readonly kind: SocketsKind
  /** What was wanted more, and why it cannot be had, for operators; null: nothing was. */
  readonly why: string | null
}

/** What stands against a kind on this machine, in words; null: nothing. Left out: it is never chosen here. */
export type Probes = Readonly<Partial<Record<SocketsKind, string | null>>>

/** The variable that goes before the config: to try what the file does not say. */
export const SOCKETS_VARIABLE = 'SLUICE_SOCKETS'

/** What is wrong with what is wanted: at a path of the config, or of a variable, which `problem` names. */
export interface SocketsProblem {
  readonly problem: string
  readonly path?: string
  readonly variable?: string
}

/** What is wanted of a process with this environment; a variable that says nothing we know is a problem. */
export function wantedSockets(
  config: SocketsWanted,
  env: Readonly<Record<string, string | undefined>>,
): SocketsWanted | SocketsProblem {
  const said = env[SOCKETS_VARIABLE] ?? ''
  if (said === '') return config
  const known = ['auto', ...SOCKETS_KINDS].find((word) => word === said)
  if (known !== undefined) return known as SocketsWanted
  return {
    variable: SOCKETS_VARIABLE,
    problem: `${SOCKETS_VARIABLE} in the environment: found ${JSON.stringify(said)}, allowed auto, ${SOCKETS_KINDS.join(', ')}`,
  }
}

/**
 * The same, or what stands against it before the machine is asked (`path`: in the config). `ofSystem`: what
 * could be had here if nothing stood against it.
 */
export function wantedHere(
  config: SocketsWanted,
  env: Readonly<Record<string, string | undefined>>,
  ofSystem: Probes,
): SocketsWanted | SocketsProblem {
  const wanted = wantedSockets(config, env)
  if (wanted === 'auto' || wanted === 'bun' || typeof wanted !== 'string') return wanted
  return ofSystem[wanted] === undefined
    ? { problem: `found ${wanted}: it needs Linux`, path: 'sockets' }
    : wanted
}

/**
 * The best kind that can be had, from the one that is wanted on. Bun's can be had everywhere; the others are
 * of Linux alone, where that is no news.
 */
export function choose(wanted: SocketsWanted, probes: Probes): Choice {
  const passed: string[] = []
  for (const kind of fromOn(wanted)) {
    const against = kind === 'bun' ? null : probes[kind]
    if (against === null) return { kind, why: passed.length === 0 ? null : passed.join('; ') }
    if (against !== undefined) passed.push(`${kind}: ${against}`)
  }
  return { kind: 'bun', why: passed.length === 0 ? null : passed.join('; ') }
}

/** A kind, and those that take its place where it cannot be had, in their order. */
export const fromOn = (wanted: SocketsWanted): readonly SocketsKind[] =>
  wanted === 'auto' ? SOCKETS_KINDS : SOCKETS_KINDS.slice(SOCKETS_KINDS.indexOf(wanted))
