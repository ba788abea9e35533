// Which turn listener of a config file a command is about.
import { nearest } from '../../config/nearest.ts'
import { formatProblem } from '../../config/problem.ts'
import { httpsPortsOf } from '../../lib/ice-servers.ts'
import type { TurnListenerConfig } from '../../turn/turn.options.ts'
import { findConfigFile, NO_FILE } from '../config-file.ts'
import type { Io } from '../io.ts'
import { loadFile } from '../load-file.ts'

export interface FoundListener {
  readonly name: string
  readonly listener: TurnListenerConfig
  /** Ports of https listeners whose clients may be its own. */
  readonly httpsPorts: readonly number[]
}

/** The turn listener that was named, else the only one; or why there is none. */
export function findTurnListener(
  config: string | null,
  named: string | null,
  io: Io,
): FoundListener | { readonly problem: string } {
  const found = findConfigFile(config, io.cwd)
  if ('problem' in found) return found
  const { file } = found
  if (file === null) return { problem: NO_FILE }
  const loaded = loadFile(file, io)
  if (!loaded.ok) {
    const [first] = loaded.problems
    return { problem: first === undefined ? `${file} is not valid` : formatProblem(first) }
  }
  const listeners = Object.entries(loaded.config.listeners).flatMap(([name, listener]) =>
    listener.protocol === 'turn'
      ? [{ name, listener, httpsPorts: httpsPortsOf(name, loaded.config.listeners) }]
      : [],
  )
  return choose(listeners, named, file)
}

function choose(
  listeners: readonly FoundListener[],
  named: string | null,
  file: string,
): FoundListener | { readonly problem: string } {
  const names = listeners.map(({ name }) => name)
  const [first] = listeners
  if (first === undefined) return { problem: `${file} has no turn listener` }
  if (named === null)
    return listeners.length === 1
      ? first
      : { problem: `${file} has more than one turn listener; name one with --listener: ${names.join(', ')}` }
  const found = listeners.find(({ name }) => name === named)
  if (found !== undefined) return found
  const near = nearest(named, names)
  const hint = near === null ? `there are: ${names.join(', ')}` : `did you mean "${near}"?`
  return { problem: `${file} has no turn listener "${named}"; ${hint}` }
}
