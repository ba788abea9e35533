// What a start serves: the config file's text in a data folder that is nobody else's, unless that text was
// never confirmed when the gateway ended.
import { confirmedOf } from './change/confirmation.ts'
import { History } from './change/history.ts'
import { DataFolder } from './data-folder.ts'
import type { ApplyProblem, Edition } from './problem.ts'
import type { ChosenSockets } from './processes/chosen-sockets.ts'
import type { WatchedConfig } from './source/watched-config.ts'

export interface FirstConfig {
  readonly edition: Edition
  readonly history: History
  /** To be released at the end. */
  readonly folder: DataFolder
}

export interface FirstConfigOptions {
  /** The config file. */
  readonly file: string
  readonly source: Pick<WatchedConfig, 'read' | 'check'>
  readonly chosen: Pick<ChosenSockets, 'problems'>
  /** False once it is told to stop. */
  readonly isWanted: () => boolean
}

/** Or what stands against it. */
export async function firstConfig(
  options: FirstConfigOptions,
): Promise<FirstConfig | readonly ApplyProblem[]> {
  const { file, source, chosen, isWanted } = options
  const read = await source.read()
  if (!isWanted()) return []
  if (read.is === 'invalid') return [...read.problems, ...chosen.problems]
  const { data } = read.edition.config
  const folder = await DataFolder.take({ data, configFile: file, isWanted })
  if (!(folder instanceof DataFolder)) return [folder]
  const history = new History(data, file)
  return { edition: await confirmedOf(read.edition, history, source), history, folder }
}
