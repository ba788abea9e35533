// Plugins as a process has loaded them: bundles of one file each (control/source/plugin-bundles.ts), named by
// what is in them, so that one that has changed is another file.
import type { Plugin } from './api.ts'

export interface LoadedPlugin {
  /** Tells one from another. */
  readonly path: string
  readonly exports: Plugin
}

/** By the names that the config gives them. */
export type Plugins = ReadonlyMap<string, LoadedPlugin>

export const NO_PLUGINS: Plugins = new Map()

/** Paths of bundles by names. */
export type PluginPaths = Readonly<Record<string, string>>

/** Imports what is not there yet; throws what one throws, with its name. */
export async function loadPlugins(paths: PluginPaths, before: Plugins): Promise<Plugins> {
  const loaded = new Map<string, LoadedPlugin>()
  for (const [name, path] of Object.entries(paths)) {
    const known = before.get(name)
    if (known?.path === path) loaded.set(name, known)
    else loaded.set(name, { path, exports: await importPlugin(name, path) })
  }
  return loaded
}

async function importPlugin(name: string, path: string): Promise<Plugin> {
  try {
    return (await import(path)) as Plugin
  } catch (error) {
    throw new Error(`plugin "${name}" cannot be loaded: ${messageOf(error)}`, { cause: error })
  }
}

const SHOWN_MAX = 300

/** What a plugin has thrown, in one line. */
export function messageOf(thrown: unknown): string {
  let text: string
  try {
    text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)
  } catch {
    text = 'something that cannot be shown'
  }
  return text.replace(/[\0-\x1f\x7f]+/g, ' ').slice(0, SHOWN_MAX)
}
