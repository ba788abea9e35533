// Has a config file read and checked by a process of its own, and takes in what it found in slices.
import { inSlices } from '../../lib/slices.ts'
import type { ReadConfig, SourceOptions } from './config-source.ts'
import type { Loaded } from './loader.ts'
import { readRules } from '../processes/rule-pieces.ts'
import { mainCommand } from '../children/own-command.ts'
import { isOwnChild } from '../children/reap.ts'

/** A file that takes longer is read by the supervisor itself, which then tells what there is to tell. */
const WITHIN_MS = 60_000

/**
 * What is in the file; null when the process could not say, or could not even be started: a machine may be
 * out of processes or memory. Rejects once the signal says that nobody wants to know any more.
 */
export async function readApart(
  { file, env, level, given = null }: SourceOptions,
  signal?: AbortSignal,
): Promise<ReadConfig | null> {
  const loaded = await ask({ file, env, level, given }, signal).catch(() => null)
  signal?.throwIfAborted()
  if (loaded === null) return null
  const { checked, warnings } = JSON.parse(loaded.head) as Pick<ReadConfig, 'checked' | 'warnings'>
  const { text } = loaded
  const files = new Map(loaded.files)
  if (checked.is === 'invalid') return { checked, warnings, text, files }
  const rules = await inSlices(readRules(loaded.rules))
  const { edition } = checked
  const whole = { ...edition, text: loaded.whole, config: { ...edition.config, rules } }
  return { checked: { is: 'valid', edition: whole }, warnings, text, files }
}

async function ask(options: SourceOptions, signal?: AbortSignal): Promise<Loaded | null> {
  const { promise, resolve } = Promise.withResolvers<Loaded | null>()
  const child = Bun.spawn({
    cmd: mainCommand('loader'),
    env: { ...options.env },
    stdio: ['ignore', 'ignore', 'ignore'],
    serialization: 'advanced',
    ipc: (message: Loaded) => resolve(message),
    onExit: () => resolve(null),
  })
  isOwnChild(child.pid, child.exited)
  const giveUp = (): void => resolve(null)
  const timer = setTimeout(giveUp, WITHIN_MS)
  signal?.addEventListener('abort', giveUp)
  try {
    child.send(options)
    return await promise
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', giveUp)
    child.kill('SIGKILL')
  }
}
