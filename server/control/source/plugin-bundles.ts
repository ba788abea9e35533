// Plugins made ready for workers: each with all that it imports in one file of the data folder, named by what
// is in it. What workers load never changes under them, an old one stays as long as it is served, and one
// that cannot be read, or does not do what is asked of it, is refused before anybody runs it for clients.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Config } from '../../config/schema.ts'
import type { PluginPaths } from '../../plugins/load.ts'
import { isOwnChild } from '../children/reap.ts'
import { mainCommand } from '../children/own-command.ts'
import { type PluginUse, usesOf } from './plugin-uses.ts'

/** A plugin that takes longer to load, or to say what it thinks of its options, is taken for hung. */
const TRIAL_MS = 10_000
const BUNDLE_BYTES_MAX = 16 * 1024 * 1024
const SUFFIX = '.js'

/** What stands against a plugin, with its place in the config as `path`. */
export class PluginProblem extends Error {
  readonly path: string

  constructor(path: string, message: string) {
    super(message)
    this.path = path
  }
}

/** What a trial is asked, and what it says. */
export interface Trial {
  readonly path: string
  readonly uses: readonly PluginUse[]
}
export type TrialAnswer = { readonly at: string | null; readonly why: string } | null

export class PluginBundles {
  readonly #folder: string
  /** Trials of the last config that went well, by what was tried. */
  #tried: ReadonlySet<string> = new Set()

  constructor(data: string) {
    this.#folder = join(data, 'plugins')
  }

  /** Bundles of all plugins of a config. Throws what stands against one. */
  async gather(config: Config): Promise<PluginPaths> {
    const paths: Record<string, string> = {}
    const tried = new Set<string>()
    for (const [name, file] of Object.entries(config.plugins)) {
      paths[name] = await this.#bundleOf(name, file)
      tried.add(await this.#try({ path: paths[name], uses: usesOf(config, name) }, name))
    }
    this.#tried = tried
    return paths
  }

  /** Writes those again that were taken away, where their plugins say the same: workers may start anew. */
  async mend(config: Config, paths: PluginPaths): Promise<void> {
    for (const [name, file] of Object.entries(config.plugins)) {
      const path = paths[name]
      if (path !== undefined && !existsSync(path)) await this.#bundleOf(name, file)
    }
  }

  /** Others than these are not needed any more. */
  keep(paths: PluginPaths): void {
    const kept = new Set(Object.values(paths))
    if (!existsSync(this.#folder)) return
    for (const name of readdirSync(this.#folder)) {
      const path = join(this.#folder, name)
      if (name.endsWith(SUFFIX) && !kept.has(path)) rmSync(path, { force: true })
    }
  }

  async #bundleOf(name: string, file: string): Promise<string> {
    const text = await bundled(name, file)
    const hash = createHash('sha256').update(text).digest('hex').slice(0, 32)
    const path = join(this.#folder, `${name}-${hash}${SUFFIX}`)
    if (existsSync(path)) return path
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    const unfinished = join(this.#folder, `.${process.pid}-${crypto.randomUUID()}`)
    writeFileSync(unfinished, text, { mode: 0o600 })
    renameSync(unfinished, path)
    return path
  }

  /**
   * In a process of its own: one that never ends, or ends the process, takes nobody with it. What was tried
   * with the config before need not be again.
   */
  async #try(trial: Trial, name: string): Promise<string> {
    const key = JSON.stringify(trial)
    if (this.#tried.has(key)) return key
    const answer = await ask(trial)
    if (answer !== null)
      throw new PluginProblem(answer.at ?? `plugins.${name}`, `plugin "${name}": ${answer.why}`)
    return key
  }
}

/** The text of a bundle; throws what stands against its files, with file and line. */
async function bundled(name: string, file: string): Promise<string> {
  const at = `plugins.${name}`
  if (!existsSync(file)) throw new PluginProblem(at, `cannot read ${file}: no file of this name`)
  const built = await Bun.build({
    entrypoints: [file],
    root: dirname(file),
    target: 'bun',
    format: 'esm',
    sourcemap: 'inline',
    throw: false,
    plugins: [OWN_MODULE],
  })
  const [problem] = built.logs
  if (!built.success) {
    const { file: where = file, line = 0, column = 0 } = problem?.position ?? {}
    const place = line > 0 ? `${where}:${line}:${column}` : where
    throw new PluginProblem(at, `${place}: ${problem?.message ?? 'it cannot be read'}`)
  }
  const text = (await built.outputs[0]?.text()) ?? ''
  if (text.length > BUNDLE_BYTES_MAX)
    throw new PluginProblem(
      at,
      `${file} has ${text.length} bytes with what it imports: allowed are ${BUNDLE_BYTES_MAX}`,
    )
  return text
}

/** Types alone stand in it: whoever imports it as a value gets nothing to run. */
const OWN_MODULE: Bun.BunPlugin = {
  name: 'sluice',
  setup(build) {
    build.onResolve({ filter: /^sluice\/plugin$/ }, () => ({ path: 'sluice/plugin', namespace: 'sluice' }))
    build.onLoad({ filter: /.*/, namespace: 'sluice' }, () => ({ contents: 'export {}', loader: 'js' }))
  },
}

async function ask(trial: Trial): Promise<TrialAnswer> {
  const { promise, resolve } = Promise.withResolvers<TrialAnswer>()
  const child = Bun.spawn({
    cmd: mainCommand('plugin-trial'),
    stdio: ['ignore', 'ignore', 'ignore'],
    serialization: 'advanced',
    ipc: (message: { readonly answer: TrialAnswer }) => resolve(message.answer),
    onExit: () => resolve({ at: null, why: 'it ended the process that loaded it' }),
  })
  isOwnChild(child.pid, child.exited)
  const timer = setTimeout(
    () =>
      resolve({
        at: null,
        why: `it was not loaded, or did not say what it thinks of its options, within ${TRIAL_MS} ms`,
      }),
    TRIAL_MS,
  )
  try {
    child.send(trial)
    return await promise
  } finally {
    clearTimeout(timer)
    child.kill('SIGKILL')
  }
}
